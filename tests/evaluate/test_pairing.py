import numpy as np

from harmaug.evaluate.pairing import answered_by_all, named_apart, only
from harmaug.evaluate.predictions import Predictions
from harmaug.rows import LabelledRow


def rows(*ids: str) -> list[LabelledRow]:
    return [
        LabelledRow(name, f"prompt {at}", None, at % 2, None, "file", "prompt")
        for at, name in enumerate(ids)
    ]


def test_rows_of_one_id_are_told_apart_in_order() -> None:
    found = named_apart(rows("a", "b", "a", "a"))
    assert [row.id for row in found] == ["a", "b", "a#2", "a#3"]
    assert [row.prompt for row in found] == [f"prompt {at}" for at in range(4)]


def test_a_number_that_another_row_has_is_not_given() -> None:
    found = named_apart(rows("a", "a", "a#2", "a", "a#2"))
    assert [row.id for row in found] == ["a", "a#3", "a#2", "a#4", "a#2#2"]


def test_only_what_all_answered_is_kept_in_the_order_of_ids() -> None:
    one = Predictions(np.array([1, 0, 1]), np.array([0.9, 0.1, 0.8]), ("c", "a", "b"), 0)
    two = Predictions(np.array([0, 1]), np.array([0.2, 0.7]), ("a", "c"), 1)
    shared = answered_by_all([one, two])
    kept = only(one, shared)
    assert kept.ids == ("a", "c") == only(two, shared).ids
    assert [*kept.scores] == [0.1, 0.9] and [*kept.labels] == [0, 1]
    assert only(two, shared).missing == 1
