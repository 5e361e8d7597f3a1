"""Openly licensed texts and pairs whose public label is coarse or missing, read for this project.

Public labels answer other questions than ours ("toxic", "offensive", "of a harmful topic"), and
what earlier guards say of a text repeats their mistakes. The grades in `labels/` are ours, by
`data/authored/GUIDELINE.md`: a large language model, Claude, read each item by itself, without its
source, its label or any score, and said how likely it is harmful. A text is known by a hash, and
stays with the public data.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes.guard.authored import held
from recipes.guard.example import Example
from recipes.guard.public import SOURCES, Source, usable
from recipes.guard.read_pairs import key
from recipes.guard.unlabelled import FILES, texts_of
from recipes.sources import read_rows

GRADES = Path(__file__).parent / "labels" / "read_texts.csv"
HARM = (0.03, 0.15, 0.5, 0.85, 0.97)
"""How likely a text of each grade is harmful."""
HARMLESS, HARMFUL = (0, 1), (3, 4)
"""The grades that decide; 2 is what could go either way."""
BARRED = -1
"""In place of a grade: a text that sexualises a minor trains nothing and measures nothing."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text with its reader's grade; `held` ones never train the guard, by prompt, nor barred."""

    example: Example
    grade: int
    held: bool


def read_grades(path: Path = GRADES) -> dict[str, int]:
    """The grades, 0 for harmless to 4 for harmful, or `BARRED`, by the name of their text."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["text"]: int(row["grade"]) for row in csv.DictReader(lines)}


def read_texts(data: Path) -> list[ReadText]:
    """Every graded text once, in the order of the files that hold them."""
    left = read_grades()
    found = []
    for example in _open_texts(data):
        grade = left.pop(key(example.prompt, example.response), None)
        if grade is not None:
            read = Example(
                prompt=example.prompt,
                response=example.response,
                harm=0.5 if grade == BARRED else HARM[grade],
                source=f"read_{example.source.removeprefix('self_')}",
                register=example.register,
            )
            out = grade == BARRED or held(f"read {example.prompt}")
            found.append(ReadText(read, grade, out))
    return found


def unread(examples: Sequence[Example], read: Sequence[ReadText]) -> list[Example]:
    """Leave out what was read, whose grade is its target, and whatever shares a held prompt."""
    known = {(each.example.prompt, each.example.response) for each in read}
    kept = {each.example.prompt for each in read if each.held}
    return [
        example
        for example in examples
        if example.prompt not in kept and (example.prompt, example.response) not in known
    ]


def _open_texts(data: Path) -> Iterator[Example]:
    for source in SOURCES:
        yield from _texts_of_source(data, source)
    for file in FILES:
        yield from texts_of(data, file)


def _texts_of_source(data: Path, source: Source) -> Iterator[Example]:
    for row in read_rows(data, source.name):
        if usable(row, source.register):
            response = row.response if source.register == "pair" else None
            yield Example(row.prompt, response, 0.5, source.name, source.register)
