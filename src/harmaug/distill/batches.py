"""Which rows make a step, and how a step is cut into forward passes without padding waste."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harmaug.distill.examples import Rows


@dataclass(frozen=True)
class Schedule:
    """The steps of a training: every epoch a new random order by seed, cut into batches.

    Any step can be asked for alone, so that a resumed training needs to know no more than its
    step. The last batch of an epoch may be short.
    """

    rows: Rows
    batch_size: int
    steps: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the rows."""
        return math.ceil(len(self.rows) / self.batch_size)

    def batch(self, step: int) -> Rows:
        """Return the rows of a step, shape (at most batch_size,)."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = _order(self.seed, epoch, len(self.rows))
        return self.rows[order[place * self.batch_size : (place + 1) * self.batch_size]]


@lru_cache(maxsize=1)
def _order(seed: int, epoch: int, count: int) -> Rows:
    return np.random.default_rng((seed, epoch)).permutation(count)


def micro_batches(
    rows: Rows, lengths: NDArray[np.int64], *, max_tokens: int, overhead: int
) -> list[Rows]:
    """Cut rows into forward passes of like length, at the least total cost.

    A pass over k rows, the longest of m tokens, costs k * m + overhead tokens' time. Rows are
    sorted by length and the best of all cuts is found by dynamic programming.

    Args:
        rows: indices, shape (k,).
        lengths: tokens of every example, indexed by `rows`.
        max_tokens: most tokens of a pass, padding included; a longer row goes alone.
        overhead: what starting a pass costs, in tokens.
    """
    order = rows[np.argsort(lengths[rows], kind="stable")]
    longest = lengths[order]
    best = np.zeros(len(order) + 1)
    cut = np.zeros(len(order) + 1, dtype=np.int64)
    for end in range(1, len(order) + 1):
        first = min(max(0, end - max_tokens // int(longest[end - 1])), end - 1)
        starts = np.arange(first, end)
        costs = best[first:end] + (end - starts) * longest[end - 1] + overhead
        at = int(np.argmin(costs))
        best[end], cut[end] = costs[at], first + at
    return [order[start:end] for start, end in _spans(cut)]


def _spans(cut: Sequence[int] | NDArray[np.int64]) -> list[tuple[int, int]]:
    spans, end = [], len(cut) - 1
    while end > 0:
        spans.append((int(cut[end]), end))
        end = int(cut[end])
    return spans
