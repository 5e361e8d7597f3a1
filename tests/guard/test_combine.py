from __future__ import annotations

import numpy as np
import pytest

from harmaug.guard.combine import combine, tail_scale

SCALE = 0.7


def test_one_window_is_left_as_it_is() -> None:
    assert combine(np.array([1.25]), SCALE) == 1.25


def test_one_harmful_window_is_enough_and_so_are_many_moderate_ones() -> None:
    one = np.full(300, -4.0)
    one[17] = 6.0
    assert combine(one, SCALE) == pytest.approx(6.0 - SCALE * np.log(300))
    assert combine(np.full(300, 0.5), SCALE) == pytest.approx(0.5)


def test_more_harm_never_lowers_the_verdict() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        windows = rng.normal(size=20)
        higher = windows + rng.random(20)
        assert combine(higher, SCALE) >= combine(windows, SCALE)


@pytest.mark.parametrize("count", [3, 30, 300])
def test_length_does_not_raise_the_false_positive_rate(count: int) -> None:
    rng = np.random.default_rng(1)
    documents = rng.exponential(SCALE, size=(4000, count)) - 3.0
    single = rng.exponential(SCALE, size=200_000) - 3.0
    threshold = float(np.quantile(single, 0.95))
    plain = (documents.max(axis=1) > threshold).mean()
    ruled = np.mean([combine(document, SCALE) > threshold for document in documents])
    assert ruled <= 0.06
    assert plain > 2 * ruled


def test_the_scale_of_an_exponential_tail_is_found() -> None:
    rng = np.random.default_rng(2)
    assert tail_scale(rng.exponential(SCALE, size=50_000)) == pytest.approx(SCALE, rel=0.05)
    assert tail_scale(np.zeros(10)) == 1.0
