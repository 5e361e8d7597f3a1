"""Near-duplicates among very many texts: MinHash bands, of which only 64 bits each are kept.

A text is near one before when they agree in a band of their signatures (Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", section 3.4). That says neither more nor less than an index
that keeps the bands and who holds them, and takes one to two kilobytes a text.
"""

from __future__ import annotations

import numpy as np
from datasketch import MinHash, MinHashLSH

from harmaug.augment.overlap import Grams

PERMUTATIONS = 128
ALL = 0.98
"""The highest threshold to which two bands come nearer than one."""

_EMPTY = MinHash(num_perm=PERMUTATIONS, seed=1)


class NearIndex:
    """Remembers texts by their word trigrams, and says whether another is near one of them.

    `threshold` is the Jaccard similarity at which about half of the pairs are found; the number
    and the width of the bands follow from it. Above `ALL` there is one, of all permutations.
    """

    def __init__(self, threshold: float) -> None:
        self._shape = (1, PERMUTATIONS)
        if threshold <= ALL:
            best = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
            self._shape = (best.b, best.r)
        draw = np.random.default_rng(1)
        # Odd multipliers of 64 bits: what differs in a band differs in its key.
        self._factors = draw.integers(2**63, size=self._shape, dtype=np.uint64) * 2 + 1
        self._seen: set[int] = set()

    def keys(self, grams: Grams) -> list[int]:
        """Return the keys of a text's bands, to ask with and to remember."""
        sketch = _EMPTY.copy()
        sketch.update_batch([" ".join(gram).encode("utf-8") for gram in grams])
        bands, width = self._shape
        values = sketch.hashvalues[: bands * width].astype(np.uint64).reshape(self._shape)
        keys: list[int] = (values * self._factors).sum(axis=1, dtype=np.uint64).tolist()
        return keys

    def near(self, keys: list[int]) -> bool:
        """Say whether a text with these keys is near one that is remembered."""
        return not self._seen.isdisjoint(keys)

    def remember(self, keys: list[int]) -> None:
        """Add a text."""
        self._seen.update(keys)
