import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from harmaug.evaluate.metrics import METRICS, bootstrap_metrics, measure
from harmaug.evaluate.predictions import Predictions
from harmaug.rows import Prediction


def predictions(labels: list[int], scores: list[float]) -> Predictions:
    rows = zip(labels, scores, strict=True)
    return Predictions.of([Prediction(f"r{at}", *row, None) for at, row in enumerate(rows)])


rows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5001, 0.75, 1.0])),
    min_size=2,
    max_size=60,
).filter(lambda found: len({label for label, _ in found}) == 2)


@settings(max_examples=60, deadline=None)
@given(rows, st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_values_are_those_of_scikit_learn_ties_included(
    found: list[tuple[int, float]], threshold: float
) -> None:
    labels, scores = [label for label, _ in found], [score for _, score in found]
    flagged = [int(score >= threshold) for score in scores]
    metrics = measure(predictions(labels, scores), threshold, 1, 0)
    assert metrics.auprc.value == pytest.approx(average_precision_score(labels, scores))
    assert metrics.roc_auc.value == pytest.approx(roc_auc_score(labels, scores))
    assert metrics.f1.value == pytest.approx(f1_score(labels, flagged))
    assert metrics.recall.value == pytest.approx(recall_score(labels, flagged))
    assert metrics.precision.value == pytest.approx(
        precision_score(labels, flagged, zero_division=0)
    )
    alarms = sum(flag for flag, label in zip(flagged, labels, strict=True) if label == 0)
    assert metrics.fpr.value == pytest.approx(alarms / labels.count(0))


def test_calibration_error_is_the_gap_of_each_bin_weighted() -> None:
    metrics = measure(predictions([1, 1, 0, 0], [0.95, 0.95, 0.95, 0.15]), 0.5, 1, 0)
    assert metrics.ece.value == pytest.approx(0.75 * (0.95 - 2 / 3) + 0.25 * 0.15)


def test_a_perfectly_calibrated_guard_has_no_error() -> None:
    metrics = measure(predictions([1, 0, 1, 1, 1], [0.5, 0.5, 1.0, 1.0, 1.0]), 0.5, 1, 0)
    assert metrics.ece.value == pytest.approx(0.0)


def test_one_class_leaves_what_needs_both_undefined() -> None:
    metrics = measure(predictions([0, 0, 0], [0.1, 0.2, 0.9]), 0.5, 50, 0)
    assert np.isnan(metrics.auprc.value) and np.isnan(metrics.roc_auc.low)
    assert metrics.fpr.value == pytest.approx(1 / 3)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_without_a_harmful_row_nothing_is_precise_or_not(threshold: float) -> None:
    metrics = measure(predictions([0, 0, 0], [0.1, 0.2, 0.9]), threshold, 50, 0)
    for one in (metrics.precision, metrics.recall, metrics.f1):
        assert np.isnan([one.value, one.low, one.high]).all()


def test_a_resample_without_a_harmful_row_is_left_out_of_every_interval_that_needs_one() -> None:
    draws = bootstrap_metrics(predictions([1, 0, 0, 0], [0.9, 0.8, 0.2, 0.1]), 0.5, 200, 0)
    undefined = {name: np.isnan(draws[:, at]) for at, name in enumerate(METRICS)}
    assert 20 < undefined["auprc"].sum() < 120
    for name in ("precision", "recall", "f1"):
        assert (undefined[name] == undefined["auprc"]).all(), name


def test_rows_without_answer_are_counted_and_left_out() -> None:
    rows = [Prediction("a", 1, 0.9, None), Prediction("b", 0, None, None)]
    metrics = measure(Predictions.of(rows), 0.5, 10, 0)
    assert (metrics.n, metrics.missing, metrics.positives) == (1, 1, 1)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(100):
        labels = (rng.random(200) < 0.5).astype(int)
        caught = np.where(labels == 1, rng.random(200) < 0.8, False)
        found = predictions(labels.tolist(), caught.astype(float).tolist())
        interval = measure(found, 0.5, 200, trial).recall
        covered += interval.low <= 0.8 <= interval.high
    assert 88 <= covered <= 100


def test_the_interval_shrinks_with_the_square_root_of_n() -> None:
    rng = np.random.default_rng(1)

    def width(n: int) -> float:
        labels = (rng.random(n) < 0.5).astype(int)
        scores = np.clip(0.5 * labels + rng.random(n) * 0.7, 0, 1)
        auprc = measure(predictions(labels.tolist(), scores.tolist()), 0.5, 300, 0).auprc
        return auprc.high - auprc.low

    assert 1.5 < width(200) / width(800) < 3.0


def test_the_same_seed_gives_the_same_interval() -> None:
    found = predictions([1, 0, 1, 0, 1], [0.9, 0.4, 0.3, 0.2, 0.8])
    assert measure(found, 0.5, 100, 3) == measure(found, 0.5, 100, 3)
    assert measure(found, 0.5, 100, 3) != measure(found, 0.5, 100, 4)
