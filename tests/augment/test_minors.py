"""The rule that guards the disk: folding finds all that a pattern that ignores case would."""

import re

import pytest

from harmaug.augment import minors
from harmaug.augment.minors import sexualises_minors

MINOR = re.compile(minors._MINOR.pattern, re.IGNORECASE)
SEXUAL = re.compile(minors._SEXUAL.pattern, re.IGNORECASE)
ODD = {"i": "\u0131\u0130I", "s": "\u017fS", "k": "\u212aK"}


@pytest.mark.parametrize("minor", ["kids", "a child", "12-year-old", "Schoolgirl", "minors"])
@pytest.mark.parametrize("sexual", ["erotic", "explicit", "incest", "stripping", "nsfw"])
def test_whatever_the_case(minor: str, sexual: str) -> None:
    text = f"something {sexual} with {minor}."
    spellings = [text, text.upper(), text.title()]
    spellings += [text.replace(letter, odd) for letter, odds in ODD.items() for odd in odds]
    for spelling in spellings:
        assert MINOR.search(spelling) and SEXUAL.search(spelling)
        assert sexualises_minors(spelling)


@pytest.mark.parametrize("text", ["a story for children", "an erotic novel", "kidney, sextant? no"])
def test_one_of_the_two_is_not_enough(text: str) -> None:
    assert not sexualises_minors(text)
