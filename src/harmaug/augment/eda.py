"""Easy data augmentation (Wei and Zou 2019, arXiv 1901.11196), the paper's first baseline.

Four operations on the words of a text: replace some by synonyms, insert synonyms at random
places, swap pairs, delete at random. The authors' code lowers the case and drops punctuation
first; here words keep both, since guards read them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from harmaug.augment.exemplars import row_seed
from harmaug.augment.synonyms import Synonyms
from harmaug.config.study import EDAConfig
from harmaug.rows import Pair

TRIES = 10

_FUNCTION_WORDS = """
    a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing don down during each few for from
    further had has have having he her here hers herself him himself his how i if in into is it
    its itself just me more most my myself no nor not now of off on once only or other our ours
    ourselves out over own same she should so some such than that the their theirs them
    themselves then there these they this those through to too under until up very was we were
    what when where which while who whom why will with would you your yours yourself
    yourselves"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())

_CORE = re.compile(r"[A-Za-z]+")

Words = list[str]


def augment(pair: Pair, config: EDAConfig, synonyms: Synonyms, seed: int) -> list[Pair]:
    """Return `n_aug` variants of a labelled pair, its prompt changed, its label kept."""
    rng = np.random.default_rng(row_seed(seed, "eda", pair.id))
    return [
        Pair(
            id=f"{pair.id}:eda{number}",
            prompt=text,
            response=pair.response,
            kind=pair.kind,
            label=pair.label,
            category=pair.category,
            source="eda",
        )
        for number, text in enumerate(variants(pair.prompt, config, synonyms, rng))
    ]


def variants(
    text: str, config: EDAConfig, synonyms: Synonyms, rng: np.random.Generator
) -> list[str]:
    """Return `n_aug` variants: the four operations equally often, the rest drawn by lot."""
    words = text.split()
    count = max(1, int(config.alpha * len(words)))
    operations: list[Callable[[], Words]] = [
        lambda: replaced(words, count, synonyms, rng),
        lambda: inserted(words, count, synonyms, rng),
        lambda: swapped(words, count, rng),
        lambda: deleted(words, config.delete, rng),
    ]
    each = config.n_aug // len(operations) + 1
    made = [" ".join(operation()) for operation in operations for _ in range(each)]
    chosen = rng.permutation(len(made))[: config.n_aug]
    return [made[int(at)] for at in chosen]


def replaced(
    words: Sequence[str], count: int, synonyms: Synonyms, rng: np.random.Generator
) -> Words:
    """Replace up to `count` distinct words, wherever they stand, by one of their synonyms."""
    out = list(words)
    candidates = sorted({core(word) for word in words} - STOP_WORDS - {""})
    done = 0
    for at in rng.permutation(len(candidates)):
        if done == count:
            break
        word = candidates[int(at)]
        found = synonyms(word)
        if found:
            new = found[int(rng.integers(len(found)))]
            out = [_with_core(old, new) if core(old) == word else old for old in out]
            done += 1
    return out


def inserted(
    words: Sequence[str], count: int, synonyms: Synonyms, rng: np.random.Generator
) -> Words:
    """Insert a synonym of a random word at a random place, `count` times."""
    out = list(words)
    for _ in range(count):
        for _ in range(TRIES):
            found = synonyms(core(out[int(rng.integers(len(out)))]))
            if found:
                new = found[int(rng.integers(len(found)))]
                out.insert(int(rng.integers(len(out))), new)
                break
    return out


def swapped(words: Sequence[str], count: int, rng: np.random.Generator) -> Words:
    """Swap two random words, `count` times."""
    out = list(words)
    if len(out) > 1:
        for _ in range(count):
            first, second = rng.choice(len(out), size=2, replace=False)
            out[first], out[second] = out[second], out[first]
    return out


def deleted(words: Sequence[str], chance: float, rng: np.random.Generator) -> Words:
    """Delete each word with a chance; one word at least stays."""
    stays = rng.random(len(words)) > chance
    if not stays.any():
        return [words[int(rng.integers(len(words)))]]
    return [word for word, stay in zip(words, stays, strict=True) if stay]


def core(word: str) -> str:
    """Return a word's letters, lower case, without the marks around them; "" where mixed."""
    found = _CORE.findall(word)
    return found[0].lower() if len(found) == 1 else ""


def _with_core(old: str, new: str) -> str:
    """Put a new word between the marks of the old one, with its first letter's case."""
    if _CORE.findall(old)[0][0].isupper():
        new = new[0].upper() + new[1:]
    return _CORE.sub(new, old, count=1)
