"""D and the benchmarks of a run, checked before anything is spent."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np

from harmaug.augment.exemplars import row_seed
from harmaug.config import DataConfig, EvaluateConfig
from harmaug.errors import DataError
from harmaug.rows import LabelledRow, Pair
from harmaug.sources.load import load_rows


def labelled_data(config: DataConfig, seed: int) -> list[LabelledRow]:
    """Load D: the labelled rows of every training set, at most `max_rows` of each run's draw.

    Raises:
        DataError: when nothing labelled is left, or only one class is.
    """
    rows = _named_apart([row for name in config.train for row in load_rows(name, "train")])
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
    if config.max_rows is not None and len(rows) > config.max_rows:
        rng = np.random.default_rng(row_seed(seed, "data"))
        chosen = np.sort(rng.choice(len(rows), size=config.max_rows, replace=False))
        rows = [rows[int(at)] for at in chosen]
    return rows


def benchmark_data(config: EvaluateConfig) -> dict[str, list[LabelledRow]]:
    """Load every benchmark's labelled rows, by name.

    Raises:
        DataError: when a benchmark has no labelled row.
    """
    loaded = {}
    for benchmark in config.benchmarks:
        rows = [row for row in load_rows(benchmark.name, "eval") if row.label is not None]
        if not rows:
            raise DataError(f"benchmark {benchmark.name} has no labelled row")
        loaded[benchmark.name] = _named_apart(rows[: benchmark.max_rows])
    return loaded


def _named_apart(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Give rows of one id a number each: two files may count alike, an id may name a prompt."""
    seen: Counter[str] = Counter()
    apart = []
    for row in rows:
        seen[row.id] += 1
        number = seen[row.id]
        apart.append(row if number == 1 else dataclasses.replace(row, id=f"{row.id}#{number}"))
    return apart


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
