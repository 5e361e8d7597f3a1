from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmaug.errors import DataError
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.calibrate import calibrate, wilson
from harmaug.rows import LabelledRow
from harmaug.scoring import probability


def test_the_threshold_parts_what_can_be_parted() -> None:
    found = calibrate(np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]), [0, 0, 0, 1, 1, 1], 0.0)
    assert found.recall == 1.0
    assert found.false_positive_rate == 0.0
    assert found.threshold == pytest.approx(float(probability(np.array([0.5]))[0]))
    assert (found.harmful, found.harmless) == (3, 3)


@given(
    st.lists(st.tuples(st.floats(-800, 30), st.booleans()), min_size=4, max_size=80),
    st.sampled_from([0.0, 0.01, 0.05, 0.2, 0.5]),
)
def test_never_more_false_positives_than_asked_and_no_lower_threshold(
    rows: list[tuple[float, bool]], rate: float
) -> None:
    scores = np.array([score for score, _ in rows])
    labels = [int(label) for _, label in rows]
    if len(set(labels)) < 2:
        with pytest.raises(DataError):
            calibrate(scores, labels, rate)
        return
    found = calibrate(scores, labels, rate)
    flagged = probability(scores) >= found.threshold
    harmless = flagged[np.array(labels) == 0]
    assert harmless.mean() <= rate + 1e-9
    assert found.false_positive_rate == pytest.approx(harmless.mean())
    assert found.recall == pytest.approx(flagged[np.array(labels) == 1].mean())
    assert found.recall_interval[0] <= found.recall <= found.recall_interval[1] + 1e-9


def test_scores_that_no_threshold_parts_say_so() -> None:
    scores = np.array([40.0, 40.0, 41.0, 42.0])
    with pytest.raises(DataError, match="2 of 2 harmless rows") as raised:
        calibrate(scores, [0, 0, 1, 1], 0.0)
    assert "\n" not in str(raised.value)
    found = calibrate(np.array([40.0, 1.0, 1.0, 2.0]), [0, 0, 0, 1], 0.34)
    assert found.false_positive_rate == pytest.approx(1 / 3)
    assert found.recall == 1.0


def test_wilson_is_the_published_interval() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_that_is_none_says_so(rate: float) -> None:
    with pytest.raises(DataError):
        calibrate(np.array([0.0, 1.0]), [0, 1], rate)


def test_a_guard_is_calibrated_on_rows_and_saved(tiny: Guard, tmp_path: Path) -> None:
    texts = ["dog", "fox", "how do i bake", "the lazy", "make a prompt", "numbers pass"]
    order = np.argsort(tiny.log_odds(texts))
    harmful = {int(index) for index in order[3:]}
    rows = [(text, None, int(index in harmful)) for index, text in enumerate(texts)]
    found = tiny.calibrate(rows, max_false_positive_rate=0.0)
    assert found.recall == 1.0
    guard = tiny.with_calibration("mine", found)
    assert [guard.check(text).flagged for text, *_ in rows] == [bool(row[2]) for row in rows]
    guard.settings.save(tmp_path)
    assert GuardSettings.load(tmp_path) == guard.settings
    assert GuardSettings.load(tmp_path).threshold == found.threshold
    labelled = [
        LabelledRow(str(index), prompt, response, label, None, "test", "prompt")
        for index, (prompt, response, label) in enumerate(rows)
    ]
    unlabelled = LabelledRow("x", "dog", None, None, None, "test", "prompt")
    assert tiny.calibrate([*labelled, unlabelled], 0.0) == found
    lists = [[prompt, response, label] for prompt, response, label in rows]
    assert tiny.calibrate(lists, 0.0) == found  # type: ignore[arg-type]


def test_another_threshold_of_the_name_drops_the_calibration(tiny: Guard) -> None:
    rows = [(text, None, int(tiny.score([text])[0] > 0.5)) for text in ("dog", "fox", "how")]
    rows += [("dog", None, 0), ("dog", None, 1)]
    found = tiny.calibrate(rows, 0.5)
    guard = tiny.with_calibration("mine", found).with_calibration("other", found)
    assert set(guard.with_threshold(0.9, "mine").settings.calibrations) == {"other"}
