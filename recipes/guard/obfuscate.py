"""Spellings that hide words, as far as they survive normalising.

Letter case, look-alike alphabets, invisible characters and single letters with gaps are undone by
`harmaug.text` before the guard reads anything; only what is left needs to be learnt. Harmful and
harmless rows are spelt alike, so that the spelling itself says nothing.
"""

from __future__ import annotations

import random
import re

LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
SYMBOLS = str.maketrans({"a": "@", "s": "$", "i": "!"})
_WORD = re.compile(r"[A-Za-z]{4,}")


def obfuscate(text: str, rng: random.Random) -> str:
    """Spell a text in one of the hidden ways; long texts only in a part of their words."""
    manner = rng.choice((_leet, _symbols, _star, _vowels, _doubled, _typo, _typo, _split))
    share = rng.choice((0.3, 0.6, 1.0)) if manner is not _typo else 0.25

    def spell(match: re.Match[str]) -> str:
        return manner(match.group(), rng) if rng.random() < share else match.group()

    return _WORD.sub(spell, text)


def _leet(word: str, rng: random.Random) -> str:
    return word.lower().translate(LEET)


def _symbols(word: str, rng: random.Random) -> str:
    return word.lower().translate(SYMBOLS)


def _star(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    return f"{word[:at]}*{word[at + 1 :]}"


def _vowels(word: str, rng: random.Random) -> str:
    return word[0] + re.sub("[aeiou]", "", word[1:])


def _doubled(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word))
    return word[:at] + word[at] * rng.randint(2, 4) + word[at + 1 :]


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) - 1)
    if rng.random() < 0.5:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _split(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word))
    return f"{word[:at]}{rng.choice(' -._')}{word[at:]}"
