"""One log-odds from those of many windows.

The highest of n harmless windows grows with n, so that a plain maximum flags nearly every long
document. The rule here is Simes' (1986), on how rare a window's log-odds are among harmless
windows: where a harmless window reaches z with chance S(z), k windows of n reaching z count as
much as one window alone with chance n/k * S(z). With the depth D(z) = -log S(z), the k-th highest
of n windows counts

    D^-1(D(z_(k)) - log(n / k) - margin),

and the highest of these decides: one very harmful window is enough, and so are many moderate
ones. A threshold keeps its false-positive rate whatever the length, also where neighbouring
windows resemble each other; the margin lowers that rate where single windows have more than is
wanted of a document. One window is left as it is.

Source: R. J. Simes, "An improved Bonferroni procedure for multiple tests of significance",
Biometrika 73 (1986).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harmaug.errors import DataError
from harmaug.guard.settings import CHANCES, GuardSettings
from harmaug.scoring import FloatArray

_LEAST_STEP = 0.02
_FAR = 1e3


@dataclass(frozen=True)
class Tail:
    """How rare log-odds are among harmless windows: those reached with each of `CHANCES`.

    Between them the depth is linear, and beyond them it goes on as at the end.
    """

    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, settings: GuardSettings) -> Tail:
        """The tail that settings hold: measured, or exponential where none was measured."""
        return cls(settings.tail) if settings.tail else cls.exponential(settings.tail_scale)

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

    def margin(self, threshold: float, rate: float) -> float:
        """How much rarer windows must be for at most `rate` of documents to reach a threshold.

        Raises:
            DataError: for a rate that is none.
        """
        if not 0.0 < rate < 1.0:
            raise DataError(f"a rate of long documents is between 0 and 1, not {rate}")
        return max(0.0, -float(np.log(rate)) - float(self.depth(np.array([threshold]))[0]))

    def log_odds(self, depth: FloatArray) -> FloatArray:
        """The inverse of D, shape kept."""
        at, known = self._knots
        return np.asarray(np.interp(depth, known, at))


def combine(log_odds: FloatArray, tail: Tail, margin: float = 0.0) -> float:
    """Combine the log-odds of n windows of one input, shape (n,), into one."""
    count = len(log_odds)
    if count == 1:
        return float(log_odds[0])
    ordered = np.sort(log_odds)[::-1]
    rarity = tail.depth(ordered) - np.log(count / np.arange(1, count + 1))
    return float(tail.log_odds(rarity.max(keepdims=True) - margin)[0])


def tail_scale(log_odds: FloatArray, share: float = 0.1) -> float:
    """Fit the scale of an exponential tail to harmless log-odds, shape (n,): its mean excess.

    `share` is the part of them, the highest, that counts as tail.
    """
    start = np.quantile(log_odds, 1.0 - share)
    excess = log_odds[log_odds > start] - start
    return float(excess.mean()) if len(excess) else 1.0
