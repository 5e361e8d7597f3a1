"""Digits that stand for letters ("h0w t0 m4k3"), in sentences that are spelt so throughout.

A digit between letters tells: where two words of a sentence and a quarter of all have one, and
there are no fewer such digits than plain letters that they could stand for, they become letters in
every word of letters and such digits. Others stay as they are, and so do words in capitals among
others, since codes and formulas have digits between their letters as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harmaug.text.aligned import Edit

LETTERS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t"}
TELLING = re.compile(r"[A-Za-z][013457]{1,2}[A-Za-z]")
AT_LEAST = 2
AT_LEAST_ONE_IN = 4
NUMBERS = {"1", "4", "15", "17", "45", "47", "50", "70"}
"""Numbers that are words: i, a, is, it, as, at, so, to."""
_SENTENCE = re.compile(r"[^.!?\n]+")
_WORD = re.compile(r"\w+")
_SPELT = re.compile(r"[A-Za-z013457]{1,20}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_DIGIT = re.compile(r"[013457]")
_PLAIN = re.compile(r"[aeiost]", re.IGNORECASE | re.ASCII)
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
    telling = [
        word.group()
        for word in spelt
        if TELLING.search(word.group()) and not _HEXADECIMAL.fullmatch(word.group())
    ]
    digits = len(_DIGIT.findall("".join(telling)))
    plain = len(_PLAIN.findall(sentence.group()))
    if len(telling) < max(AT_LEAST, len(words) / AT_LEAST_ONE_IN) or digits < plain:
        return
    for word in spelt:
        letters = _in_letters(word.group())
        if letters != word.group():
            yield Edit(sentence.start() + word.start(), sentence.start() + word.end(), letters)


def _in_letters(word: str) -> str:
    """Two ones are a double l; a number stays, but for those that are words."""
    if word.isdigit() and word not in NUMBERS:
        return word
    return word.replace("11", "ll").translate(_TABLE)
