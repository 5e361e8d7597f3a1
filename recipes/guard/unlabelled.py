"""What models of our own say of open text without labels, and of labels.

Of unlabelled text only the rows that they are sure of are kept, with their probability as target
(self-distillation). Public labels are mixed with their opinion: more of it where labels
come from a topic or a template, or from annotators who often disagree.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recipes.guard.example import Example, Register
from recipes.guard.opinion import Opinion
from recipes.guard.public import usable
from recipes.sources import read_rows

SURE = 0.15
DOUBTED = 0.1
IN_DOUBT = 0.2
"""Added to the share of the opinion in a target where the label is in doubt."""
LEAST, MOST = 0.03, 0.97


@dataclass(frozen=True)
class Unlabelled:
    """A file whose prompts without a label of their own are used: at most `cap`."""

    name: str
    register: Register
    cap: int


FILES = (
    Unlabelled("ailuminate_demo_en_unlabelled", "request", 1200),
    Unlabelled("aart", "request", 800),
    Unlabelled("harm_mlcommons_v05", "request", 300),
    Unlabelled("davidson_hate_offensive", "text", 2500),
    Unlabelled("diasafety_train", "text", 2500),
    Unlabelled("unlabelled_i2p_image_prompts", "request", 500),
)


def self_labelled(data: Path, opinion: Opinion, rng: random.Random) -> list[Example]:
    """Rows that the models are sure of, with their probability as target."""
    found: list[Example] = []
    for file in FILES:
        rows = _rows(data, file)
        found += rng.sample(rows, min(file.cap, len(rows)))
    scores = opinion.score([(example.prompt, example.response) for example in found])
    return [
        replace(example, harm=min(MOST, max(LEAST, float(score))))
        for example, score in zip(found, scores, strict=True)
        if not SURE < score < 1 - SURE
    ]


def second_opinion(examples: Sequence[Example], opinion: Opinion, share: float) -> list[Example]:
    """Mix what the models say into the targets, where it has a share."""
    scores = opinion.score([(example.prompt, example.response) for example in examples])
    return [
        replace(example, harm=_mixed(example.harm, float(score), share))
        for example, score in zip(examples, scores, strict=True)
    ]


def _mixed(harm: float, score: float, share: float) -> float:
    if DOUBTED <= harm <= 1 - DOUBTED:
        share += IN_DOUBT
    return (1 - share) * harm + share * min(MOST, max(LEAST, score))


def _rows(data: Path, file: Unlabelled) -> list[Example]:
    """Prompts that have no label, though their response may, each once."""
    seen: dict[str, Example] = {}
    for row in read_rows(data, file.name):
        judged = file.register if row.label_of != "response" else "pair"
        if (row.label is None or row.label_of == "response") and usable(row, judged):
            example = Example(row.prompt, None, 0.5, f"self_{file.name}", file.register)
            seen.setdefault(row.prompt, example)
    return list(seen.values())
