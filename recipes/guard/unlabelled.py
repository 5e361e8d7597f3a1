"""What a first guard of our own says of open text without labels, and of labels in doubt.

Of unlabelled text only the rows that the first guard is sure of are kept, with its calibrated
probability as target (self-distillation). Labels that come from a topic or a template, or from
annotators who often disagree, are mixed with its opinion.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harmaug.guard import Guard
from recipes.guard.example import Example, Register
from recipes.guard.public import usable
from recipes.sources import read_rows

SURE = 0.15
DOUBTED = 0.1
OPINION = 0.35
LEAST, MOST = 0.03, 0.97


@dataclass(frozen=True)
class Unlabelled:
    """A file whose prompts without label are used: at most `cap`."""

    name: str
    register: Register
    cap: int


FILES = (
    Unlabelled("ailuminate_demo_en_unlabelled", "request", 1200),
    Unlabelled("aart", "request", 800),
    Unlabelled("harm_mlcommons_v05", "request", 300),
    Unlabelled("davidson_hate_offensive", "text", 800),
    Unlabelled("unlabelled_i2p_image_prompts", "request", 500),
)


def self_labelled(data: Path, first: Guard, rng: random.Random) -> list[Example]:
    """Rows that the first guard is sure of, with its probability as target."""
    found: list[Example] = []
    for file in FILES:
        rows = _rows(data, file)
        found += rng.sample(rows, min(file.cap, len(rows)))
    scores = first.score([(example.prompt, example.response) for example in found])
    return [
        Example(
            prompt=example.prompt,
            response=example.response,
            harm=min(MOST, max(LEAST, float(score))),
            source=example.source,
            register=example.register,
        )
        for example, score in zip(found, scores, strict=True)
        if not SURE < score < 1 - SURE
    ]


def second_opinion(examples: Sequence[Example], first: Guard) -> list[Example]:
    """Mix the first guard's probability into targets that are at least `DOUBTED` from sure."""
    doubted = [e for e in examples if DOUBTED <= e.harm <= 1 - DOUBTED]
    scores = first.score([(example.prompt, example.response) for example in doubted])
    opinion = {id(e): float(score) for e, score in zip(doubted, scores, strict=True)}
    return [
        replace(e, harm=(1 - OPINION) * e.harm + OPINION * opinion[id(e)])
        if id(e) in opinion
        else e
        for e in examples
    ]


def _rows(data: Path, file: Unlabelled) -> list[Example]:
    """Unlabelled prompts, each once."""
    seen: dict[str, Example] = {}
    for row in read_rows(data, file.name):
        judged = file.register if row.label_of != "response" else "pair"
        if row.label is None and usable(row, judged):
            example = Example(row.prompt, None, 0.5, f"self_{file.name}", file.register)
            seen.setdefault(row.prompt, example)
    return list(seen.values())
