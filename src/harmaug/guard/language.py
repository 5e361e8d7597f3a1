"""Whether text in Latin letters is English, told by its most frequent words and its vocabulary.

A word list is crude, and it is small, fast and open to inspection. `words_other.txt` holds the
frequent words of some twenty languages without those that are frequent in English too. What has
no frequent words is told by the guard's own vocabulary, which holds English words whole.
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
_ENDING = re.compile(r"..(?:able|ed|er|ers|ful|ing|ism|ity|less|ly|ment|ness|ous|tion)s?$")
_OFTEN = 0.3
_RARELY = 0.2
_SELDOM = 0.35
"""Shares of the words, frequent ones and ones of one piece or with an English ending: English
hardly ever has so few."""


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


def foreign(found: Words, pieces: Callable[[str], list[int]]) -> bool:
    """Whether the words are another language's, or none.

    Either few are English, frequent or in the vocabulary; or frequent words of others are at least
    as many as the English ones, and the words fall into many pieces (`pieces` counts the tokens of
    each word), as words do that the vocabulary was not made for: the more so, the fewer frequent
    words tell.
    """
    count = len(found.words)
    if count < 3 or found.english > max(found.others, _RARELY * count):
        return False
    tokens = pieces(" ".join(found.words))
    formed = sum(_ENDING.search(word) is not None for word in found.words)
    if found.english <= _RARELY * count and tokens.count(1) + formed <= _SELDOM * len(tokens):
        return True
    if found.english > found.others:
        return False
    if found.english == 0 and found.others >= max(2, _OFTEN * count):
        return True
    if found.others >= 2 and found.others > found.english:
        least = 1.4 if found.others >= 0.1 * count else 2.0
    elif count < 4 or found.others == 0:
        return False
    else:
        least = 2.0 if found.english else 1.6
    return sum(tokens) >= least * count
