"""Whether text in Latin letters is English, told by its most frequent words.

A word list is crude, and it is small, fast and open to inspection. `words_other.txt` holds the
frequent words of some twenty languages without those that English shares ("die", "on", "con"),
so that only clear cases count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_ENGLISH = frozenset((_HERE / "words_english.txt").read_text(encoding="utf-8").split())
_OTHERS = frozenset((_HERE / "words_other.txt").read_text(encoding="utf-8").split())
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, with how many are frequent in English and in other languages."""

    words: list[str]
    english: int
    others: int


def words_of(text: str) -> Words:
    """Count the frequent words of a text; addresses are no words."""
    words = _WORD.findall(_ADDRESS.sub(" ", text).lower())
    english = sum(word in _ENGLISH for word in words)
    return Words(words, english, sum(word in _OTHERS for word in words))


def foreign(found: Words, pieces: Callable[[str], int]) -> bool:
    """Whether the words are another language's.

    Either its frequent words clearly outnumber the English ones, or they do not and the words
    also fall into many pieces (`pieces` counts the tokens of a text), as words do that the
    vocabulary was not made for.
    """
    count = len(found.words)
    if found.others >= 2 and found.others > found.english and found.others >= 0.1 * count:
        return True
    if count < 4 or found.english > found.others:
        return False
    least = 2.6 if found.others == 0 else 2.0 if found.english else 1.6
    return pieces(" ".join(found.words)) >= least * count
