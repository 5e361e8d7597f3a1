import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from harmaug.evaluate.curves import flagged_counts, precision_recall, score_counts
from harmaug.evaluate.predictions import Predictions


def some(n: int = 300) -> Predictions:
    rng = np.random.default_rng(0)
    labels = (rng.random(n) < 0.3).astype(np.int64)
    mixed = np.clip(0.3 * labels + rng.random(n) * 0.7, 0, 1).round(2)
    scores = np.asarray(mixed, dtype=np.float64)
    return Predictions(labels, scores, tuple(map(str, range(n))), 0)


def test_the_area_under_the_steps_is_the_average_precision() -> None:
    found = some()
    curve = precision_recall(found, points=10_000)
    area = np.sum(np.diff(curve.recall, prepend=0.0) * curve.precision)
    assert area == pytest.approx(average_precision_score(found.labels, found.scores))


def test_a_long_curve_keeps_its_ends() -> None:
    whole, short = precision_recall(some(), 10_000), precision_recall(some(), 20)
    assert len(short.recall) <= 20 < len(whole.recall)
    assert (short.recall[0], short.recall[-1]) == (whole.recall[0], 1.0)


def test_nothing_gives_an_empty_curve() -> None:
    empty = Predictions(np.empty(0, np.int64), np.empty(0), (), 3)
    assert len(precision_recall(empty).recall) == 0


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.29, 0.5, 0.57, 0.9, 1.0])
def test_each_step_flags_what_a_guard_flags(threshold: float) -> None:
    found = some()
    found.scores[:4] = [0.29, 0.57, 0.5, 1.0]
    counts = flagged_counts(found, 200)[:, round(threshold * 200)]
    flagged = found.scores >= threshold
    assert [*counts] == [(flagged & (found.labels == label)).sum() for label in (0, 1)]


def test_a_score_is_in_the_bin_that_begins_with_it() -> None:
    scores = np.array([0.0, 0.05, 0.29, 0.999, 1.0])
    found = Predictions(np.array([0, 1, 0, 1, 1]), scores, tuple("abcde"), 0)
    counts = score_counts(found, 100)
    assert [*np.flatnonzero(counts[0])] == [0, 29] and [*np.flatnonzero(counts[1])] == [5, 99]
    assert counts.sum() == 5
