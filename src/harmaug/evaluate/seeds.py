"""Intervals over examples and seeds together: a bootstrap in two levels.

Each resample draws the examples of a benchmark, the same ones for every arm and seed, and the
seeds, the same ones for every arm and benchmark; an arm's figure is the mean of its metric over
the drawn seeds. Of S seeds S - 1 are drawn, which makes the variance of their mean unbiased (Rao
and Wu 1988): with few seeds the plain bootstrap gives intervals that are too short. A difference
of two arms is taken within each resample, so that it is paired by example and by seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.predictions import Predictions
from harmaug.scoring import FloatArray

METRICS = ("auprc", "f1", "recall", "fpr")
CHUNK = 100

Counts = NDArray[np.float32]


@dataclass(frozen=True)
class Resampled:
    """How often each example is drawn, counts (1 + resamples, n); row 0 draws each once."""

    places: dict[str, int]
    counts: Counts

    @classmethod
    def of(cls, ids: Sequence[str], resamples: int, seed: int) -> Resampled:
        """Draw n examples `resamples` times."""
        names = sorted(set(ids))
        rng = np.random.default_rng(seed)
        counts = np.ones((1 + resamples, len(names)), dtype=np.float32)
        for at in range(1, 1 + resamples):
            drawn = rng.integers(0, len(names), len(names))
            counts[at] = np.bincount(drawn, minlength=len(names))
        return cls({name: place for place, name in enumerate(names)}, counts)

    def metrics(self, predictions: Predictions, threshold: float) -> FloatArray:
        """Return `METRICS` of the sample and of each resample, shape (1 + resamples, 4).

        Examples that a guard did not answer are left out of its own figures alone.
        """
        order = np.argsort(-predictions.scores, kind="stable")
        scores = predictions.scores[order]
        labels = predictions.labels[order].astype(np.float32)
        columns = np.array([self.places[predictions.ids[int(at)]] for at in order], dtype=np.int64)
        ends = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else order
        flagged = int(np.searchsorted(-scores[ends], -threshold, side="right"))
        rows = [
            _metrics(
                self.counts[start : start + CHUNK].take(columns, axis=1), labels, ends, flagged
            )
            for start in range(0, len(self.counts), CHUNK)
        ]
        return np.concatenate(rows)


@dataclass(frozen=True)
class Figure:
    """A metric of one arm: each seed's value, their mean with its interval, their deviation."""

    estimate: Estimate
    deviation: float
    seeds: tuple[float, ...]


@dataclass(frozen=True)
class Versus:
    """One arm minus another, with the two-sided p-value of the resamples and each seed's value."""

    estimate: Estimate
    p: float
    seeds: tuple[float, ...]


def draw_seeds(count: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return which of `count` seeds each resample takes, shape (resamples, max(count - 1, 1))."""
    rng = np.random.default_rng((seed, 0x5EED))
    return rng.integers(0, count, size=(resamples, max(count - 1, 1)))


def figure(values: FloatArray, drawn: NDArray[np.int64]) -> Figure:
    """Summarise one metric, values (seeds, 1 + resamples)."""
    points = values[:, 0]
    deviation = float(np.std(points, ddof=1)) if len(points) > 1 else float("nan")
    mean, draws = _over_seeds(values, drawn)
    return Figure(_estimate(mean, draws), deviation, tuple(float(value) for value in points))


def versus(first: FloatArray, second: FloatArray, drawn: NDArray[np.int64]) -> Versus:
    """Compare two arms on one metric, each (seeds, 1 + resamples); a guard has no seeds but one."""
    gap = first - second
    mean, draws = _over_seeds(gap, drawn)
    draws = draws[~np.isnan(draws)]
    beyond = min(np.sum(draws <= 0), np.sum(draws >= 0))
    p = min(1.0, 2 * (1 + float(beyond)) / (1 + len(draws)))
    return Versus(_estimate(mean, draws), p, tuple(float(value) for value in gap[:, 0]))


def _over_seeds(values: FloatArray, drawn: NDArray[np.int64]) -> tuple[float, FloatArray]:
    if len(values) == 1:
        return float(values[0, 0]), values[0, 1:]
    resamples = np.arange(values.shape[1] - 1)
    draws = values[drawn, 1 + resamples[:, None]].mean(axis=1)
    return float(values[:, 0].mean()), draws


def _estimate(value: float, draws: FloatArray) -> Estimate:
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.percentile(known, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def _metrics(weights: Counts, labels: Counts, ends: NDArray[np.int64], flagged: int) -> FloatArray:
    """Return the metrics of weighted examples, weights (b, n) by falling score."""
    if not len(ends):
        return np.full((len(weights), len(METRICS)), np.nan)
    seen = np.cumsum(weights, axis=1)[:, ends]
    weights *= labels
    hits = np.cumsum(weights, axis=1)[:, ends]
    with np.errstate(divide="ignore", invalid="ignore"):
        positives, total = hits[:, -1].astype(np.float64), seen[:, -1].astype(np.float64)
        true = hits[:, flagged - 1] if flagged else np.zeros_like(positives)
        told = seen[:, flagged - 1] if flagged else np.zeros_like(positives)
        steps = np.diff(hits, axis=1, prepend=np.float32(0))
        precision = hits / np.maximum(seen, 1)
        auprc = np.einsum("ij,ij->i", steps, precision, dtype=np.float64) / positives
        f1 = 2 * true / (told + positives)
        fpr = (told - true) / (total - positives)
        return np.stack([auprc, f1, true / positives, fpr], axis=1).astype(np.float64)
