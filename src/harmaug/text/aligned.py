"""Text that was rewritten and still knows where each character came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` become `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Aligned:
    """Normalised text that knows where each character came from.

    `origin[i]` is the index in the original text of character i, with one more entry for the
    end; None when the text is as it was.
    """

    text: str
    origin: tuple[int, ...] | None

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of the normalised text into one of the original text."""
        if self.origin is None:
            return start, end
        return self.origin[start], max(self.origin[end], self.origin[start])

    def spaced(self, text: str) -> Aligned:
        """Go on with the same text with spaces put in; about right if it was rewritten."""
        if text == self.text:
            return self
        ends = range(len(self.text) + 1) if self.origin is None else self.origin
        return Aligned(text, tuple(ends[place] for place in _spaced_places(self.text, text)))


def rewrite(text: str, edits: Sequence[Edit]) -> str:
    """Make the edits, which are in order and do not overlap."""
    pieces: list[str] = []
    last = 0
    for edit in edits:
        pieces += (text[last : edit.start], edit.new)
        last = edit.end
    return "".join((*pieces, text[last:]))


def follow(origin: Sequence[int], text: str, edits: Sequence[Edit]) -> list[int]:
    """Carry where each character came from, and the end, through the edits of a text."""
    result: list[int] = []
    last = 0
    for edit in edits:
        result += origin[last : edit.start]
        old = text[edit.start : edit.end]
        result += [origin[edit.start + place] for place in _places(old, edit.new)]
        last = edit.end
    return [*result, *origin[last:]]


def _spaced_places(old: str, new: str) -> list[int]:
    """Where each character of `new` and its end stand in `old`, which has fewer spaces."""
    places, place = [], 0
    for char in new:
        places.append(place)
        if old[place : place + 1] == char:
            place += 1
        elif char != " ":
            return [index * len(old) // len(new) for index in range(len(new) + 1)]
    return [*places, len(old)]


def _places(old: str, new: str) -> list[int]:
    """Where each character of `new` stands in `old`, or about where if it was replaced."""
    places, place = [], -1
    for char in new:
        place = old.find(char, place + 1)
        if place < 0:
            return [index * len(old) // len(new) for index in range(len(new))]
        places.append(place)
    return places
