"""Two guards on the same examples: the difference of a metric with a paired interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harmaug.errors import DataError
from harmaug.evaluate.metrics import METRICS, Estimate, bootstrap_metrics, measure
from harmaug.evaluate.predictions import Predictions


@dataclass(frozen=True)
class Difference:
    """`first` minus `second` on one metric; `share_above` is the share of resamples above 0."""

    metric: str
    estimate: Estimate
    share_above: float


def compare(
    first: Predictions,
    second: Predictions,
    metric: str,
    *,
    threshold: float,
    resamples: int,
    seed: int,
) -> Difference:
    """Compare two guards by a paired bootstrap over the examples that both answered.

    Raises:
        DataError: when they have no example in common.
    """
    first, second = _common(first, second)
    at = METRICS.index(metric)
    draws = (
        bootstrap_metrics(first, threshold, resamples, seed)[:, at]
        - bootstrap_metrics(second, threshold, resamples, seed)[:, at]
    )
    value = _value(first, metric, threshold) - _value(second, metric, threshold)
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return Difference(metric, Estimate(value, float(low), float(high)), float(np.mean(draws > 0)))


def _value(predictions: Predictions, metric: str, threshold: float) -> float:
    estimates = vars(measure(predictions, threshold, 1, 0))
    value: float = estimates[metric].value
    return value


def _common(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    shared = set(first.ids) & set(second.ids)
    if not shared:
        raise DataError("the two guards have no example in common: evaluate both on the same rows")
    return _only(first, shared), _only(second, shared)


def _only(predictions: Predictions, ids: set[str]) -> Predictions:
    """Keep some examples, ordered by id so that resamples draw the same ones for both guards."""
    places = [at for at, name in enumerate(predictions.ids) if name in ids]
    places.sort(key=lambda at: predictions.ids[at])
    return Predictions(
        labels=predictions.labels[places],
        scores=predictions.scores[places],
        ids=tuple(predictions.ids[at] for at in places),
        missing=predictions.missing,
    )
