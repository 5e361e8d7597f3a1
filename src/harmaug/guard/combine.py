"""One log-odds from those of many windows.

The highest of n harmless windows grows with n, so that a plain maximum flags nearly every long
document. The rule here is Simes' (1986): where the log-odds of harmless windows have a tail that
falls as exp(-z / scale), the chance that k of n windows reach z is n/k times smaller or larger,
which is scale * log(n / k) in log-odds. So the k-th highest window counts

    z_(k) - scale * log(n / k),

and the highest of these decides: one very harmful window is enough, and so are many moderate
ones. A threshold keeps its false-positive rate whatever the length. One window is left as it is.

Source: R. J. Simes, "An improved Bonferroni procedure for multiple tests of significance",
Biometrika 73 (1986), with exponential tails.
"""

from __future__ import annotations

import numpy as np

from harmaug.scoring import FloatArray


def combine(log_odds: FloatArray, scale: float) -> float:
    """Combine the log-odds of n windows of one input, shape (n,), into one."""
    count = len(log_odds)
    if count == 1:
        return float(log_odds[0])
    ordered = np.sort(log_odds)[::-1]
    penalty = scale * np.log(count / np.arange(1, count + 1))
    return float(np.max(ordered - penalty))


def tail_scale(log_odds: FloatArray, share: float = 0.1) -> float:
    """Fit `scale` to the log-odds of harmless windows, shape (n,): the mean excess of the tail.

    `share` is the part of the windows, the highest, that counts as tail.
    """
    start = np.quantile(log_odds, 1.0 - share)
    excess = log_odds[log_odds > start] - start
    return float(excess.mean()) if len(excess) else 1.0
