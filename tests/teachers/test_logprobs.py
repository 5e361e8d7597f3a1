"""What log-probabilities say of two sides when some tokens are not among them."""

import numpy as np
import pytest

from harmaug.teachers.logprobs import Names, Next, side_odds

HALF, FEW, TENTH = np.log([0.5, 0.2, 0.1])
UNSAFE: list[Names] = [frozenset({1, " Unsafe"}), frozenset({2, " Controversial"})]
SAFE: list[Names] = [frozenset({3, " Safe"})]


@pytest.mark.parametrize(
    ("near", "least", "most"),
    [
        ({1: HALF, 2: FEW, 3: TENTH}, np.log(7), np.log(7)),
        ({1: HALF, 3: FEW}, np.log(0.5 / 0.2), np.log(0.7 / 0.2)),
        ({1: HALF, 9: FEW}, np.log(0.5 / 0.2), np.inf),
        ({3: HALF, 2: FEW}, np.log(0.2 / 0.5), np.log(0.4 / 0.5)),
        ({3: HALF, 9: FEW}, -np.inf, np.log(0.4 / 0.5)),
        ({" Safe": HALF, " Unsafe": FEW, "x": TENTH}, np.log(0.2 / 0.5), np.log(0.3 / 0.5)),
        ({3: FEW, 1: TENTH, 9: TENTH}, np.log(0.1 / 0.2), 0.0),
    ],
)
def test_a_floored_score_errs_towards_a_half(
    near: dict[int | str, float], least: float, most: float
) -> None:
    odds, floored = side_odds(Next(near, ""), UNSAFE, SAFE)
    assert floored == (least < most)
    nearest = min(max(0.0, least), most)
    np.testing.assert_allclose(odds, nearest, atol=1e-9)
