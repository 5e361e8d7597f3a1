"""Curves and histograms of predictions, small enough to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harmaug.evaluate.predictions import Predictions
from harmaug.scoring import FloatArray


@dataclass(frozen=True)
class Curve:
    """Precision and recall when everything scored at or above `thresholds` is flagged.

    Each of shape (k,), thresholds falling, one point for each recall that is reached, at the
    highest threshold that reaches it. Average precision is the area under its steps.
    """

    recall: FloatArray
    precision: FloatArray
    thresholds: FloatArray


def precision_recall(predictions: Predictions, points: int = 200) -> Curve:
    """Return the curve at up to `points` of its points, first and last among them."""
    order = np.argsort(-predictions.scores, kind="stable")
    scores, labels = predictions.scores[order], predictions.labels[order]
    if not len(scores):
        return Curve(np.empty(0), np.empty(0), np.empty(0))
    ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))
    hits = np.cumsum(labels)[ends]
    gained = np.diff(hits, prepend=0) > 0
    ends, hits = ends[gained], hits[gained]
    chosen = np.unique(np.linspace(0, len(ends) - 1, min(points, len(ends))).astype(np.int64))
    positives = max(int(labels.sum()), 1)
    return Curve(
        recall=(hits / positives)[chosen],
        precision=(hits / (ends + 1))[chosen],
        thresholds=scores[ends][chosen],
    )


def score_counts(predictions: Predictions, bins: int) -> NDArray[np.int64]:
    """Count rows by score, harmless and harmful, shape (2, bins).

    Bin i holds the scores in [i / bins, (i + 1) / bins), the last one a score of 1 as well.
    """
    edges = np.arange(bins + 1) / bins
    places = np.searchsorted(edges, predictions.scores, side="right") - 1
    counts = np.zeros((2, bins), dtype=np.int64)
    np.add.at(counts, (predictions.labels, np.minimum(places, bins - 1)), 1)
    return counts


def flagged_counts(predictions: Predictions, steps: int) -> NDArray[np.int64]:
    """Count what each threshold k / steps flags, harmless and harmful, shape (2, steps + 1).

    Flagged is a score at or above the threshold, as a guard flags; at 0 that is every row.
    """
    thresholds = np.arange(steps + 1) / steps
    counts = np.zeros((2, steps + 1), dtype=np.int64)
    for label in (0, 1):
        scores = np.sort(predictions.scores[predictions.labels == label])
        counts[label] = len(scores) - np.searchsorted(scores, thresholds, side="left")
    return counts
