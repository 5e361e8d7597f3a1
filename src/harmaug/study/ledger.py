"""The ledger of evaluations: a line for each look at the benchmarks, so that looks are counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from harmaug.evaluate.predictions import Predictions
from harmaug.evaluate.seeds import METRICS, Resampled
from harmaug.rows import Prediction
from harmaug.runs.parts import PartFolder, rows_of
from harmaug.study.results import Outcome


def append_ledger(
    ledger: Path,
    outcome: Outcome,
    *,
    study: str,
    command: str,
    threshold: float,
    stages: Path,
) -> None:
    """Add what an arm with a seed reached on every benchmark, as one JSON line."""
    figures = {}
    for benchmark, stage in outcome.predictions.items():
        table = PartFolder(stages / stage, Prediction)
        predictions = Predictions.of(list(rows_of(table)))
        values = Resampled.of(predictions.ids, 0, 0).metrics(predictions, threshold)[0]
        figures[benchmark] = {
            "n": len(predictions.ids),
            **{name: round(float(value), 4) for name, value in zip(METRICS, values, strict=True)},
        }
    entry = {
        "study": study,
        "arm": outcome.arm,
        "seed": outcome.seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "threshold": threshold,
        "benchmarks": {name: _plain(found) for name, found in figures.items()},
    }
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def _plain(figures: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: what is not defined is null."""
    return {name: None if np.isnan(value) else value for name, value in figures.items()}
