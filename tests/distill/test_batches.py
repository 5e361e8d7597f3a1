"""Order of rows, cuts of a batch, and the validation split."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harmaug.distill.batches import Schedule, micro_batches
from harmaug.distill.examples import Examples
from harmaug.distill.split import split


def test_every_epoch_has_every_row_once_in_another_order() -> None:
    schedule = Schedule(rows=np.arange(100, 145), batch_size=8, steps=12, seed=3)
    epochs = [np.concatenate([schedule.batch(6 * e + k) for k in range(6)]) for e in range(2)]
    assert schedule.steps_per_epoch == 6
    assert len(schedule.batch(5)) == 5
    assert all(sorted(epoch) == list(range(100, 145)) for epoch in epochs)
    assert list(epochs[0]) != list(epochs[1])
    assert list(schedule.batch(7)) == list(Schedule(schedule.rows, 8, 12, 3).batch(7))
    assert list(schedule.batch(7)) != list(Schedule(schedule.rows, 8, 12, 4).batch(7))


@settings(max_examples=50, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=40),
    max_tokens=st.integers(1, 300),
    overhead=st.integers(0, 100),
)
def test_a_cut_loses_no_row_and_keeps_its_budget(
    lengths: list[int], max_tokens: int, overhead: int
) -> None:
    rows = np.arange(len(lengths))
    parts = micro_batches(rows, np.array(lengths), max_tokens=max_tokens, overhead=overhead)
    assert sorted(row for part in parts for row in part) == list(rows)
    for part in parts:
        longest = max(lengths[row] for row in part)
        assert len(part) == 1 or len(part) * longest <= max_tokens


def test_a_cut_weighs_padding_against_passes() -> None:
    lengths = np.array([10] * 8 + [100])
    rows = np.arange(9)
    cheap = micro_batches(rows, lengths, max_tokens=10_000, overhead=16)
    dear = micro_batches(rows, lengths, max_tokens=10_000, overhead=1_000)
    assert [len(part) for part in cheap] == [1, 8]
    assert [len(part) for part in dear] == [9]


def examples(labels: list[int], groups: list[int]) -> Examples:
    count = len(labels)
    return Examples(
        tokens=np.zeros(count, dtype=np.int32),
        types=np.zeros(count, dtype=np.uint8),
        starts=np.arange(count + 1),
        teacher=np.array(labels, dtype=np.float32),
        label=np.array(labels, dtype=np.float32),
        group=np.array(groups),
        counts={},
    )


def test_the_split_keeps_prompts_together_and_classes_apart() -> None:
    # 100 harmless prompts, 40 harmful ones, 20 with three responses of both classes.
    labels = [0] * 100 + [1] * 40 + [1, 0, 1] * 20
    groups = [*range(140), *(140 + i // 3 for i in range(60))]
    rows = examples(labels, groups)
    train, held = split(rows, 0.1, seed=5)
    assert sorted([*train, *held]) == list(range(200))
    assert not set(rows.group[train]) & set(rows.group[held])
    assert (held < 100).sum() == 10
    assert ((held >= 100) & (held < 140)).sum() == 4
    assert (held >= 140).sum() == 6
    assert list(held) == list(split(rows, 0.1, seed=5)[1])
    assert list(held) != list(split(rows, 0.1, seed=6)[1])


def test_no_validation_takes_every_row() -> None:
    train, held = split(examples([0, 1, 0], [0, 1, 2]), 0.0, seed=1)
    assert list(train) == [0, 1, 2]
    assert len(held) == 0


def test_a_class_with_one_prompt_stays_in_training() -> None:
    train, held = split(examples([1] + [0] * 20, list(range(21))), 0.1, seed=1)
    assert 0 in train and len(held) == 2
