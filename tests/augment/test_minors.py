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


@pytest.mark.parametrize(
    "minor",
    [
        *("12 years old", "10-year olds", "twelve-year-old", "sixteen year old", "1 year old"),
        *("13yo", "13 y/o", "15 y.o.", "12 yrs old", "12 years of age", "11 - year - old"),
        *("aged 14", "ages 7 to 9", "age 11", "age of 11", "Age: 9", "aged fourteen"),
        *("14\u2011year\u2011old", "school girls", "school-girl", "school boy", "schoolchildren"),
        *("under age", "under-aged", "under the age of 18", "under age 18", "under 18s"),
        *("8th grader", "8th-graders", "seventh grader"),
    ],
)
def test_ages_as_they_are_spelt(minor: str) -> None:
    for spelling in (minor, minor.upper(), minor.title()):
        assert sexualises_minors(f"something explicit with {spelling}.")
        assert not sexualises_minors(f"something about {spelling}.")


@pytest.mark.parametrize(
    "adult",
    [
        *("18 years old", "21-year-old", "twenty-one-year-old", "thirty five year old", "18yo"),
        *("aged 140", "aged 18", "aged 1,400", "age 45", "aged seven hundred", "page 11"),
        *("under age 50", "110 years old", "12 years", "old school", "a grader", "5 years of work"),
    ],
)
def test_adults_and_other_numbers_are_no_minors(adult: str) -> None:
    assert not sexualises_minors(f"something explicit with {adult}.")
