"""Measure a guard on `data/eval` and write every look into the ledger.

``python -m recipes.guard.evaluate --data DIR --model REF --name NAME`` appends one line per
precision to ``docs/ledger.jsonl`` and renders ``docs/ledger.md`` from it. Benchmarks choose
nothing: models are evaluated when they are reported, and a reader sees how often that was.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from harmaug.evaluate.metrics import METRICS, Metrics, measure
from harmaug.evaluate.predictions import Predictions, predict
from harmaug.guard import Guard
from harmaug.sources.files import read_file
from recipes.guard.ledger import append, render

BENCHMARKS = (
    "openai_moderation",
    "toxicchat_test_human",
    "harmbench",
    "beavertails_30k_test",
    "xstest",
    "hatecheck",
    "rtp_lx_en",
    "dices350",
)
RESAMPLES = 1000
SEED = 0


def evaluate(data: Path, guard: Guard) -> dict[str, Metrics]:
    """Metrics of a guard on every benchmark at its threshold in force."""
    result = {}
    for name in BENCHMARKS:
        rows = read_file(data / "eval" / f"{name}.jsonl.gz")
        predictions = Predictions.of(predict(guard, rows))
        result[name] = measure(predictions, guard.threshold, RESAMPLES, SEED)
    return result


def entry(
    name: str, precision: str, guard: Guard, model: Path, figures: dict[str, Metrics]
) -> dict[str, object]:
    """One line of the ledger: what was measured, when, how, and what came out."""
    return {
        "model": name,
        "precision": precision,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"python -m recipes.guard.evaluate --data DATA --model MODEL --name {name}",
        "settings": asdict(guard.settings),
        "resamples": RESAMPLES,
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "benchmarks": {key: _figures(metrics) for key, metrics in figures.items()},
    }


def _figures(metrics: Metrics) -> dict[str, object]:
    values = asdict(metrics)
    rounded = {
        metric: [round(values[metric][part], 4) for part in ("value", "low", "high")]
        for metric in METRICS
    }
    return {"n": metrics.n, "positives": metrics.positives, **rounded}


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate one model in the precisions asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--model", type=Path, required=True, help="a folder with onnx/")
    parser.add_argument("--name", required=True, help="what the ledger calls the model")
    parser.add_argument("--precision", nargs="+", choices=("fp32", "int8"), default=["int8"])
    parsed = parser.parse_args(arguments)
    files = {"fp32": "model.onnx", "int8": "model_quantized.onnx"}
    precisions: list[Literal["fp32", "int8"]] = parsed.precision
    for precision in precisions:
        guard = Guard.load(parsed.model, precision=precision)
        model = parsed.model / "onnx" / files[precision]
        append(entry(parsed.name, precision, guard, model, evaluate(parsed.data, guard)))
    render()


if __name__ == "__main__":
    main()
