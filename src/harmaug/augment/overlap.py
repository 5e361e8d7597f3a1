"""How much of one text stands in another: word-trigram Jaccard, exact and through an index."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

_WORD = re.compile(r"\w+")

Grams = frozenset[tuple[str, ...]]


def trigrams(text: str) -> Grams:
    """Return the set of word trigrams, lower case; shorter texts count as one n-gram."""
    words = _WORD.findall(text.lower())
    if len(words) < 3:
        return frozenset([tuple(words)]) if words else frozenset()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(first: Grams, second: Grams) -> float:
    """Return |A and B| / |A or B|, 0 where both are empty."""
    if not first and not second:
        return 0.0
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


class OverlapIndex:
    """Finds near-copies of a fixed set of texts without comparing all with all."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._grams: list[Grams] = []
        self._holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for text in texts:
            grams = trigrams(text)
            for gram in grams:
                self._holders[gram].append(len(self._grams))
            self._grams.append(grams)

    def highest(self, text: str) -> float:
        """Return the highest Jaccard similarity with any indexed text."""
        return self.highest_of(trigrams(text))

    def highest_of(self, grams: Grams) -> float:
        """Return the highest Jaccard similarity of these trigrams with any indexed text."""
        shared: defaultdict[int, int] = defaultdict(int)
        for gram in grams:
            for holder in self._holders.get(gram, ()):
                shared[holder] += 1
        similarities = (
            count / (len(grams) + len(self._grams[holder]) - count)
            for holder, count in shared.items()
        )
        return max(similarities, default=0.0)
