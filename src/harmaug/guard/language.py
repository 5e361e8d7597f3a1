"""Whether text in Latin letters is English, told by its most frequent words.

A word list is crude, and it is small, fast and open to inspection. `words_other.txt` holds the
frequent words of some twenty languages without those that are frequent in English too.
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
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|(?<!\S)\S[^\s@]*@\S+")
"""Mail addresses start after white space: from any character the search would be quadratic."""


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

    Its frequent words must be at least as many as the English ones, and its words must fall into
    many pieces (`pieces` counts the tokens of a text), as words do that the vocabulary was not
    made for: the more so, the fewer frequent words tell.
    """
    count = len(found.words)
    if found.english > found.others or count < 3:
        return False
    if found.others >= 2 and found.others > found.english:
        least = 1.4 if found.others >= 0.1 * count else 2.0
    elif count < 4:
        return False
    else:
        least = 2.6 if found.others == 0 else 2.0 if found.english else 1.6
    return pieces(" ".join(found.words)) >= least * count
