"""D and the benchmarks of a run, checked before anything is spent."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from harmaug.augment.exemplars import row_seed
from harmaug.config import DataConfig, EvaluateConfig
from harmaug.errors import DataError
from harmaug.evaluate.pairing import named_apart
from harmaug.rows import LabelledRow, Pair
from harmaug.sources.load import load_rows


def labelled_data(config: DataConfig, seed: int) -> list[LabelledRow]:
    """Load D: the labelled rows of every training set, at most `max_rows` of each run's draw.

    Raises:
        DataError: when nothing labelled is left, or only one class is.
    """
    rows = named_apart([row for name in config.train for row in load_rows(name, "train")])
    if config.unlabelled_agreement == "harmless":
        rows = [dataclasses.replace(row, label=row.label or 0) for row in rows]
    rows = [row for row in rows if row.label is not None]
    names = ", ".join(config.train) or "nothing"
    if not rows:
        raise DataError(f"data.train ({names}) has no labelled row: add rows with label 0 or 1")
    classes = {row.label for row in rows}
    if len(classes) == 1:
        raise DataError(
            f"data.train ({names}) has only label {classes.pop()}: a guard learns from both 0 and 1"
        )
    return _drawn(rows, config.max_rows, row_seed(seed, "data"))


def benchmark_data(config: EvaluateConfig) -> dict[str, list[LabelledRow]]:
    """Load every benchmark's labelled rows, by name: at most `max_rows`, the same for every run.

    Raises:
        DataError: when a benchmark has no labelled row.
    """
    loaded = {}
    for benchmark in config.benchmarks:
        rows = [row for row in load_rows(benchmark.name, "eval") if row.label is not None]
        if not rows:
            raise DataError(f"benchmark {benchmark.name} has no labelled row")
        rows = named_apart(rows)
        loaded[benchmark.name] = _drawn(rows, benchmark.max_rows, row_seed(0, "benchmark"))
    return loaded


def _drawn(rows: list[LabelledRow], count: int | None, seed: int) -> list[LabelledRow]:
    """Draw rows by lot, in the order they have: a file may be sorted by its labels."""
    if count is None or len(rows) <= count:
        return rows
    chosen = np.sort(np.random.default_rng(seed).choice(len(rows), size=count, replace=False))
    return [rows[int(at)] for at in chosen]


def as_pairs(rows: Sequence[LabelledRow]) -> list[Pair]:
    """Turn D's rows into pairs for the teacher, the human label kept."""
    return [
        Pair(
            id=f"d:{row.id}",
            prompt=row.prompt,
            response=row.response,
            kind="labelled",
            label=row.label,
            category=row.category,
            source=row.source,
        )
        for row in rows
    ]
