"""Harmless documents of any length, put together from answers to harmless questions.

None of the public files trains the guard. One half of their rows sets how windows are combined, the
other is there to measure it. Their topics change with every answer, and many are about safety,
crime and morals: harder than a book.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Literal

from recipes.guard.authored import read_authored
from recipes.sources import read_rows

FILES = (
    "benign_halueval_general",
    "benign_dolly_subset",
    "benign_alpaca_subset",
    "safety_tuned_llamas_safe_responses",
)


def harmless_answers(data: Path, part: Literal["fit", "measure"]) -> list[str]:
    """The answers of one half of the rows."""
    rows = [row for name in FILES for row in read_rows(data, name) if row.label == 0]
    half = rows[part == "measure" :: 2]
    return [row.response for row in half if row.response]


def calm_answers() -> list[str]:
    """Authored answers about dark topics that help nobody to do harm, without those held out."""
    rows = [row for row in read_authored() if not row.held]
    answers = [row.example for row in rows if row.example.source == "authored_pairs_answers"]
    return [each.response for each in answers if each.response and not each.label]


def document(answers: list[str], words: int, rng: random.Random) -> str:
    """Paragraphs drawn without repeating any, until there are so many words.

    Raises:
        ValueError: when there are not so many.
    """
    taken: list[str] = []
    for answer in rng.sample(answers, len(answers)):
        taken.append(answer)
        words -= len(answer.split())
        if words <= 0:
            return "\n\n".join(taken)
    raise ValueError(f"{words} words are missing: the answers are too few for such a document")
