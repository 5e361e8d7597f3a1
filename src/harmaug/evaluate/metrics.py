"""Metrics with 95% bootstrap intervals, all resamples at once.

A resample is a row of counts: how often each example was drawn. Examples are sorted by score
once; every metric is then a cumulative sum over weighted examples, for the sample itself (all
counts 1) and for each resample alike. Tied scores are one step of the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from harmaug.evaluate.predictions import Predictions
from harmaug.scoring import FloatArray

METRICS = ("precision", "recall", "f1", "auprc", "roc_auc", "fpr", "ece")
BINS = 10
CHUNK = 100


Figure = Annotated[float, BeforeValidator(lambda value: np.nan if value is None else value)]
"""A number that JSON, which has no NaN, holds as null where it is not defined."""


@dataclass(frozen=True)
class Estimate:
    """A metric with its 95% interval; NaN where it is not defined (no row of one class)."""

    value: Figure
    low: Figure
    high: Figure

    def __format__(self, spec: str) -> str:
        """Format as `.812 [.790, .833]` with the given spec for each figure."""
        spec = spec or ".3f"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


@dataclass(frozen=True)
class Metrics:
    """What is reported of one guard on one benchmark at one threshold."""

    n: int
    positives: int
    missing: int
    threshold: float
    precision: Estimate
    recall: Estimate
    f1: Estimate
    auprc: Estimate
    roc_auc: Estimate
    fpr: Estimate
    ece: Estimate


@dataclass(frozen=True)
class Sampled:
    """Every metric of the examples, shape (7,), and of each resample, shape (resamples, 7)."""

    predictions: Predictions
    threshold: float
    points: FloatArray
    draws: FloatArray

    @classmethod
    def of(cls, predictions: Predictions, threshold: float, resamples: int, seed: int) -> Sampled:
        """Compute the metrics and resample them. Flagged is score >= threshold, as a guard flags.

        Precision counts as 0 where nothing is flagged, as does F1 then. Metrics that need a class
        which is absent are NaN: without a harmful row precision and F1 would be 0 for any guard.
        """
        everything = np.ones((1, len(predictions.labels)))
        points = _metrics(_Sorted.of(predictions), everything, threshold)[0]
        draws = bootstrap_metrics(predictions, threshold, resamples, seed)
        return cls(predictions, threshold, points, draws)

    def metrics(self) -> Metrics:
        """Return what is reported."""
        labels = self.predictions.labels
        return Metrics(
            n=len(labels),
            positives=int(labels.sum()),
            missing=self.predictions.missing,
            threshold=self.threshold,
            **estimates(self.points, self.draws),
        )


def measure(predictions: Predictions, threshold: float, resamples: int, seed: int) -> Metrics:
    """Compute every metric and its interval (`Sampled.of`)."""
    return Sampled.of(predictions, threshold, resamples, seed).metrics()


def estimates(points: FloatArray, draws: FloatArray) -> dict[str, Estimate]:
    """Pair each metric's value, points (7,), with the interval of its resamples, draws (r, 7)."""
    low, high = _interval(draws)
    return {
        name: Estimate(float(points[at]), float(low[at]), float(high[at]))
        for at, name in enumerate(METRICS)
    }


class Resamples(Protocol):
    """A metric's values on one benchmark, or a difference of them: `points` and `draws`."""

    @property
    def points(self) -> FloatArray:
        """The sample's, shape (metrics,)."""
        ...

    @property
    def draws(self) -> FloatArray:
        """Those of its resamples, shape (resamples, metrics)."""
        ...


def mean_over(benchmarks: Sequence[Resamples]) -> tuple[FloatArray, FloatArray]:
    """Return the mean points and draws, each metric's over the benchmarks that define it.

    One class alone has no AUPRC; it must not cost the others their mean.
    """
    points = np.stack([benchmark.points for benchmark in benchmarks])
    draws = np.stack([benchmark.draws for benchmark in benchmarks])
    defined = ~np.isnan(points)
    count = np.where(defined.any(axis=0), defined.sum(axis=0), np.nan)
    mean = np.where(defined, points, 0.0).sum(axis=0) / count
    return mean, np.where(defined[:, None, :], draws, 0.0).sum(axis=0) / count


def wilson(successes: int, n: int) -> Estimate:
    """Return a share with its 95% Wilson score interval (Wilson 1927); NaN where n is 0."""
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan)
    z, share = 1.959964, successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Estimate(share, float(max(0.0, centre - half)), float(min(1.0, centre + half)))


def bootstrap_metrics(
    predictions: Predictions, threshold: float, resamples: int, seed: int
) -> FloatArray:
    """Return each metric of each resample, shape (resamples, len(METRICS)).

    The same seed and n draw the same examples, so that two guards on one benchmark are compared
    pairwise.
    """
    table = _Sorted.of(predictions)
    n = len(predictions.labels)
    rng = np.random.default_rng(seed)
    rows = []
    for start in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - start)
        drawn = rng.integers(0, n, size=(size, n)) if n else np.zeros((size, 0), dtype=np.int64)
        counts = np.zeros((size, n))
        np.add.at(counts, (np.arange(size)[:, None], drawn), 1.0)
        rows.append(_metrics(table, counts[:, table.order], threshold))
    return np.concatenate(rows)


@dataclass(frozen=True)
class _Sorted:
    """Examples by falling score; `ends` are the last places of each run of equal scores."""

    order: NDArray[np.int64]
    labels: FloatArray
    scores: FloatArray
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, predictions: Predictions) -> _Sorted:
        order = np.argsort(-predictions.scores, kind="stable")
        scores = predictions.scores[order]
        ends = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else order
        return cls(order, predictions.labels[order].astype(np.float64), scores, ends)


def _metrics(table: _Sorted, weights: FloatArray, threshold: float) -> FloatArray:
    """Return the metrics of weighted examples; weights (b, n) follow the sorted order."""
    if not len(table.ends):
        return np.full((len(weights), len(METRICS)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        hits = np.cumsum(weights * table.labels, axis=1)[:, table.ends]
        seen = np.cumsum(weights, axis=1)[:, table.ends]
        positives, total = hits[:, -1], seen[:, -1]
        negatives = total - positives
        flagged = int(np.searchsorted(-table.scores[table.ends], -threshold, side="right"))
        true = hits[:, flagged - 1] if flagged else np.zeros_like(positives)
        told = seen[:, flagged - 1] if flagged else np.zeros_like(positives)
        harmful = positives > 0
        precision = np.where(harmful, np.where(told > 0, true / told, 0.0), np.nan)
        recall = true / positives
        f1 = np.where(harmful, 2 * true / (told + positives), np.nan)
        fpr = (told - true) / negatives
        steps = np.diff(hits, axis=1, prepend=0.0)
        auprc = np.sum(steps * np.where(seen > 0, hits / seen, 0.0), axis=1) / positives
        misses = seen - hits
        before = np.concatenate([np.zeros((len(misses), 1)), misses[:, :-1]], axis=1)
        below = negatives[:, None] - (before + misses) / 2
        roc = np.sum(steps * below, axis=1) / (positives * negatives)
        ece = _calibration_error(table, weights, total)
    return np.stack([precision, recall, f1, auprc, roc, fpr, ece], axis=1)


def _calibration_error(table: _Sorted, weights: FloatArray, total: FloatArray) -> FloatArray:
    """Return the expected calibration error over ten equal-width bins of p(unsafe)."""
    bins = np.minimum((table.scores * BINS).astype(np.int64), BINS - 1)
    error = np.zeros(len(weights))
    for number in range(BINS):
        inside = bins == number
        gap = weights[:, inside] @ (table.labels[inside] - table.scores[inside])
        error += np.abs(gap)
    return np.asarray(error / total)


def _interval(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the 2.5th and 97.5th percentile of each column, NaN columns kept NaN."""
    low = np.full(draws.shape[1], np.nan)
    high = np.full(draws.shape[1], np.nan)
    for at in range(draws.shape[1]):
        column = draws[:, at]
        column = column[~np.isnan(column)]
        if len(column):
            low[at], high[at] = np.percentile(column, [2.5, 97.5])
    return low, high
