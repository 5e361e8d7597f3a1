import pytest
from recipes.guard.ship import judged


def test_small_sets_count_by_their_mean_and_large_ones_alone() -> None:
    found = judged({"a": -0.006, "b": 0.004, "c": -0.001}, {"a": 116, "b": 46, "c": 500})
    assert found == {"c": -0.001, "mean of small sets": pytest.approx(-0.001)}
    assert judged({"c": -0.006}, {"c": 200}) == {"c": -0.006}
