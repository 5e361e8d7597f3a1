"""Two guards on the same examples: the difference of every metric with a paired interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harmaug.errors import DataError
from harmaug.evaluate.metrics import METRICS, Estimate, Sampled, estimates, mean_over
from harmaug.evaluate.pairing import answered_by_all, only
from harmaug.evaluate.predictions import Predictions
from harmaug.scoring import FloatArray


@dataclass(frozen=True)
class Difference:
    """One guard minus another on one metric; `share_above` is the share of resamples above 0."""

    metric: str
    estimate: Estimate
    share_above: float


@dataclass(frozen=True)
class Paired:
    """Differences of every metric, points (7,), and of each resample, draws (resamples, 7)."""

    points: FloatArray
    draws: FloatArray

    @classmethod
    def of(
        cls,
        first: Predictions,
        second: Predictions,
        *,
        threshold: float,
        resamples: int,
        seed: int,
    ) -> Paired:
        """Compare two guards by a paired bootstrap over the examples that both answered.

        Raises:
            DataError: when they have no example in common.
        """
        one, two = (
            Sampled.of(predictions, threshold, resamples, seed)
            for predictions in _common(first, second)
        )
        return cls(one.points - two.points, one.draws - two.draws)


def difference(metric: str, benchmarks: Sequence[Paired]) -> Difference:
    """Return the difference on one benchmark, or its mean over those on which it is defined.

    Benchmarks are resampled apart from each other, so that the interval of the mean is that of
    new examples from the same benchmarks, not of other benchmarks.
    """
    points, draws = mean_over(benchmarks)
    column = draws[:, METRICS.index(metric)]
    return Difference(metric, estimates(points, draws)[metric], float(np.mean(column > 0)))


def _common(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    shared = answered_by_all([first, second])
    if not shared:
        raise DataError("the two guards have no example in common: evaluate both on the same rows")
    return only(first, shared), only(second, shared)
