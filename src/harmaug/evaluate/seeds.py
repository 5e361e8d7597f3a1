"""Intervals over examples and seeds together: a bootstrap in two levels.

Each resample draws the examples of a benchmark, the same ones for every arm and seed, and takes
an arm's metric as its mean over the seeds. To it is added what other seeds would have given: the
seeds' deviations from their mean, weighted at random, the same weights for every arm and
benchmark (a multiplier bootstrap). Their sum is Student's t with S - 1 degrees of freedom times
the standard error of a mean of S seeds: to draw seeds from the S there are gives intervals that
are far too short where S is small. Where examples and seeds both vary the interval covers a
little more than it says (it is Behrens and Fisher's, and chance of a seed on an example counts
as either's). A difference of two arms is taken within each resample, so that it is paired by
example and by seed.
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

SEEDED = 10
"""Draws of the seeds beside each resample of the examples: t has long tails over few seeds."""

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
    """One arm minus another, with the two-sided p-value of the resamples and each seed's value.

    All are NaN where the metric is not defined.
    """

    estimate: Estimate
    p: float
    seeds: tuple[float, ...]


def draw_seeds(count: int, resamples: int, seed: int) -> FloatArray:
    """Return the weight of each of `count` seeds in each draw, (SEEDED * resamples, count).

    One seed says nothing of others: its weight is 0.
    """
    rng = np.random.default_rng((seed, 0x5EED))
    shape = (SEEDED * resamples, count)
    if count == 1:
        return np.zeros(shape)
    scale = np.sqrt((count - 1) / rng.chisquare(count - 1, size=(shape[0], 1)))
    return np.asarray(rng.standard_normal(shape) * scale / np.sqrt(count * (count - 1)))


def figure(values: FloatArray, weights: FloatArray) -> Figure:
    """Summarise one metric, which is a share, values (seeds, 1 + resamples)."""
    points = values[:, 0]
    deviation = float(np.std(points, ddof=1)) if len(points) > 1 else float("nan")
    mean, draws = _over_seeds(values, weights)
    return Figure(_estimate(mean, draws, 0.0), deviation, tuple(float(value) for value in points))


def versus(first: FloatArray, second: FloatArray, weights: FloatArray) -> Versus:
    """Compare two arms on one metric, each (seeds, 1 + resamples); a guard has no seeds but one."""
    gap = first - second
    mean, draws = _over_seeds(gap, weights)
    draws = draws[~np.isnan(draws)]
    beyond = min(np.sum(draws <= 0), np.sum(draws >= 0))
    p = min(1.0, 2 * (1 + float(beyond)) / (1 + len(draws))) if len(draws) else float("nan")
    return Versus(_estimate(mean, draws, -1.0), p, tuple(float(value) for value in gap[:, 0]))


def _over_seeds(values: FloatArray, weights: FloatArray) -> tuple[float, FloatArray]:
    """Return the mean over seeds and its draws."""
    points, resampled = values[:, 0], values[:, 1:].mean(axis=0)
    mean = float(points.mean())
    if len(values) == 1:
        return mean, resampled
    return mean, np.tile(resampled, SEEDED) + weights @ (points - mean)


def _estimate(value: float, draws: FloatArray, least: float) -> Estimate:
    """Return the interval of the draws, within what a share or a difference of two can be."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.clip(np.percentile(known, [2.5, 97.5]), least, 1.0)
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
        f1 = np.where(positives > 0, 2 * true / (told + positives), np.nan)
        fpr = (told - true) / (total - positives)
        return np.stack([auprc, f1, true / positives, fpr], axis=1).astype(np.float64)
