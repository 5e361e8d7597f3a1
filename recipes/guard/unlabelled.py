"""What models of our own say of open text without labels, and of labels.

Open text without labels gets their probability as target (self-distillation), the unsure as well:
among tweets that are rude and no more, what they are sure of is nearly all harmful. Replies are
read as texts of their own too, since long passages are rare among labelled texts. Public labels
are mixed with their opinion: more of it where labels come from a topic or a template, or from
annotators who often disagree.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recipes.guard.example import Example, Register
from recipes.guard.opinion import Opinion
from recipes.guard.public import usable
from recipes.sources import Row, read_rows

DOUBTED = 0.1
IN_DOUBT = 0.2
"""Added to the share of the opinion in a target where the label is in doubt."""
LEAST, MOST = 0.03, 0.97


@dataclass(frozen=True)
class Unlabelled:
    """A file whose prompts without a label, or whose `replies`, are used: at most `cap`."""

    name: str
    register: Register
    cap: int
    replies: bool = False


FILES = (
    Unlabelled("ailuminate_demo_en_unlabelled", "request", 1200),
    Unlabelled("aart", "request", 800),
    Unlabelled("harm_mlcommons_v05", "request", 300),
    Unlabelled("davidson_hate_offensive", "text", 4000),
    Unlabelled("diasafety_train", "text", 5000),
    Unlabelled("toxic_civil_spans", "text", 335),
    Unlabelled("toxic_convabuse", "request", 480),
    Unlabelled("unlabelled_i2p_image_prompts", "request", 1500),
    Unlabelled("diasafety_train", "text", 4000, replies=True),
    Unlabelled("gptfuzz_responses", "text", 1500, replies=True),
    Unlabelled("benign_gpteacher_roleplay", "text", 500, replies=True),
    Unlabelled("benign_counsel_chat", "text", 200, replies=True),
)


def self_labelled(data: Path, opinion: Opinion, rng: random.Random) -> list[Example]:
    """Texts without labels, with the models' probability as target."""
    found: list[Example] = []
    for file in FILES:
        rows = texts_of(data, file)
        found += rng.sample(rows, min(file.cap, len(rows)))
    scores = opinion.score([(example.prompt, example.response) for example in found])
    return [
        replace(example, harm=min(MOST, max(LEAST, float(score))))
        for example, score in zip(found, scores, strict=True)
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


def texts_of(data: Path, file: Unlabelled) -> list[Example]:
    """Each text once: prompts that have no label, though their response may, or replies."""
    seen: dict[str, Example] = {}
    for row in read_rows(data, file.name):
        text = _text(row, file)
        if text is not None:
            source = f"self_{file.name}_replies" if file.replies else f"self_{file.name}"
            seen.setdefault(text, Example(text, None, 0.5, source, file.register))
    return list(seen.values())


def _text(row: Row, file: Unlabelled) -> str | None:
    judged = "pair" if file.replies or row.label_of == "response" else file.register
    if not usable(row, judged):
        return None
    if file.replies:
        return row.response
    return row.prompt if row.label is None or row.label_of == "response" else None
