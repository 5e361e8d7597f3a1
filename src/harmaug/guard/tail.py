"""How rare a log-odds is among harmless windows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harmaug.scoring import FloatArray

CHANCES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""The chances, among harmless windows, of the log-odds that a measured tail holds."""

_LEAST_STEP = 0.02
_FAR = 1e3


@dataclass(frozen=True)
class Tail:
    """How rare log-odds are among harmless windows: those reached with each of `CHANCES`.

    Between them the depth is linear, and beyond them it goes on as at the end.
    """

    quantiles: tuple[float, ...]

    @classmethod
    def exponential(cls, scale: float) -> Tail:
        """A tail that falls as exp(-z / scale)."""
        return cls(tuple(-scale * float(np.log(chance)) for chance in CHANCES))

    @classmethod
    def measured(cls, log_odds: FloatArray) -> Tail:
        """The tail of harmless windows, shape (n,), as far as n windows tell of it."""
        known = [chance for chance in CHANCES if chance * len(log_odds) >= 3] or [CHANCES[0]]
        found = [float(np.quantile(log_odds, 1 - chance)) for chance in known]
        scale = max(tail_scale(log_odds), _LEAST_STEP)
        for chance, before in zip(CHANCES[len(found) :], CHANCES[len(found) - 1 :], strict=False):
            found.append(found[-1] + scale * float(np.log(before / chance)))
        for index in range(1, len(found)):
            found[index] = max(found[index], found[index - 1] + _LEAST_STEP)
        return cls(tuple(round(value, 4) for value in found))

    @cached_property
    def _knots(self) -> tuple[FloatArray, FloatArray]:
        """The quantiles and their depths, with one more at each end, a long way on."""
        at, depth = np.array(self.quantiles), -np.log(np.array(CHANCES))
        first, last = at[0] - _FAR * (at[1] - at[0]), at[-1] + _FAR * (at[-1] - at[-2])
        low, high = depth[0] - _FAR * (depth[1] - depth[0]), depth[-1] + _FAR * np.log(2.0)
        return np.array([first, *at, last]), np.array([low, *depth, high])

    def depth(self, log_odds: FloatArray) -> FloatArray:
        """D(z), shape kept."""
        at, depth = self._knots
        return np.asarray(np.interp(log_odds, at, depth))

    def log_odds(self, depth: FloatArray) -> FloatArray:
        """The inverse of D, shape kept."""
        at, known = self._knots
        return np.asarray(np.interp(depth, known, at))


def tail_scale(log_odds: FloatArray, share: float = 0.1) -> float:
    """Fit the scale of an exponential tail to harmless log-odds, shape (n,): its mean excess.

    `share` is the part of them, the highest, that counts as tail.
    """
    start = np.quantile(log_odds, 1.0 - share)
    excess = log_odds[log_odds > start] - start
    return float(excess.mean()) if len(excess) else 1.0
