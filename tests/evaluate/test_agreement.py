"""A guard against human labels, by arithmetic that can be followed."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from harmaug.evaluate.agreement import Judged, agreement
from harmaug.evaluate.metrics import measure
from harmaug.evaluate.predictions import Predictions


def judged(
    label: int, score: float | None, source: str = "a", category: str | None = None
) -> Judged:
    flagged = None if score is None else score >= 0.5
    return Judged(label, score, flagged, source, category)


def rows(count: int, seed: int = 0) -> list[Judged]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    scores = np.clip(rng.normal(0.3 + 0.4 * labels, 0.25), 0, 1)
    return [
        judged(int(label), float(score), "ab"[at % 2])
        for at, (label, score) in enumerate(zip(labels, scores, strict=True))
    ]


def test_each_group_has_its_own_errors_and_its_own_lean() -> None:
    found = agreement(
        [
            judged(1, 0.9, "forum", "violence"),
            judged(1, 0.2, "forum", "violence"),
            judged(0, 0.8, "forum", "medicine"),
            judged(0, 0.1, "chat", None),
            judged(0, 0.6, "chat", "medicine"),
            judged(1, None, "chat", "violence"),
        ],
        0.5,
    )
    medicine = next(group for group in found.categories if group.name == "medicine")
    assert medicine.false_alarms.value == 1.0
    assert medicine.bias == pytest.approx(0.7)
    assert math.isnan(medicine.missed.value)
    violence = next(group for group in found.categories if group.name == "violence")
    assert (violence.n, violence.missing, violence.harmful) == (3, 1, 2)
    assert violence.missed.value == 0.5
    assert violence.bias == pytest.approx(-0.45)
    assert [group.name for group in found.categories] == ["violence", "medicine", "no category"]
    forum = next(group for group in found.sources if group.name == "forum")
    assert forum.agreement.value == pytest.approx(1 / 3)
    assert forum.agreement.low < 1 / 3 < forum.agreement.high
    assert found.whole.agreement.value == pytest.approx(2 / 5)


def test_kappa_and_calibration_are_those_of_others() -> None:
    sample = rows(500)
    found = agreement(sample, 0.5)
    labels = np.array([row.label for row in sample])
    flags = np.array([bool(row.flagged) for row in sample])
    assert found.kappa == pytest.approx(cohen_kappa_score(labels, flags))
    scores = np.array([row.score or 0.0 for row in sample])
    metrics = measure(Predictions(labels, scores, ("",) * 500, 0), 0.5, 1, 0)
    assert found.ece == pytest.approx(metrics.ece.value)
    assert sum(one.n for one in found.bins) == 500
    assert sum(one.harmful for one in found.bins) == labels.sum()
    full = [one for one in found.bins if one.n]
    assert all(one.low <= one.score <= one.high for one in full)


def test_nothing_answered_is_not_agreement() -> None:
    found = agreement([judged(1, None), judged(0, None)], 0.5)
    assert found.whole.missing == 2
    for figure in (found.kappa, found.ece, found.whole.bias, found.whole.agreement.value):
        assert math.isnan(figure)
