"""Digits that stand for letters ("h0w t0 m4k3"), in sentences that are spelt so throughout.

A digit between letters tells: where three words of a sentence have one, and a third of its words,
digits become letters in every word of letters and such digits. Fewer stay as they are, and so do
words in capitals among others, since codes and formulas have digits between their letters as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harmaug.text.aligned import Edit

LETTERS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t"}
TELLING = re.compile(r"[A-Za-z][013457]{1,2}[A-Za-z]")
AT_LEAST = 3
AT_LEAST_ONE_IN = 3
_SENTENCE = re.compile(r"[^.!?\n]+")
_WORD = re.compile(r"\w+")
_SPELT = re.compile(r"[A-Za-z013457]{1,20}")
_TABLE = str.maketrans(LETTERS)


def digits_for_letters(text: str) -> list[Edit]:
    """The words of such sentences, in letters."""
    if not TELLING.search(text):
        return []
    return [edit for match in _SENTENCE.finditer(text) for edit in _edits(match)]


def _edits(sentence: re.Match[str]) -> Iterator[Edit]:
    words = list(_WORD.finditer(sentence.group()))
    shouted = sentence.group().isupper()
    spelt = [word for word in words if _SPELT.fullmatch(word.group())]
    spelt = [word for word in spelt if shouted or not word.group().isupper()]
    telling = sum(TELLING.search(word.group()) is not None for word in spelt)
    if telling < AT_LEAST or AT_LEAST_ONE_IN * telling < len(words):
        return
    for word in spelt:
        letters = _in_letters(word.group())
        if letters != word.group():
            yield Edit(sentence.start() + word.start(), sentence.start() + word.end(), letters)


def _in_letters(word: str) -> str:
    """Two ones are a double l; a number stays, but for the words "1" (I) and "4" (a)."""
    if word.isdigit() and word not in ("1", "4"):
        return word
    return word.replace("11", "ll").translate(_TABLE)
