"""The students of a run: plain distillation on D, and HarmAug on D and what was generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harmaug.distill import DistillResult, distill
from harmaug.embedded import embedded_model
from harmaug.pipeline.context import Context
from harmaug.progress import Renamed
from harmaug.rows import ScoredPair
from harmaug.runs.fingerprint import fingerprint, model_fingerprint, rows_fingerprint


@dataclass(frozen=True)
class Student:
    """A distilled student; `arm` is what is told of it while it trains, and its key in results."""

    arm: str
    name: str
    result: DistillResult


def train_student(context: Context, arm: str, rows: Sequence[ScoredPair]) -> Student:
    """Distil a student on rows, or find it again where the same was distilled before."""
    config = context.config.distill
    embedded = config.student == "embedded-encoder"
    start = str(embedded_model("encoder")) if embedded else config.student
    name = fingerprint(
        config.identity(),
        model_fingerprint(start, config.revision),
        rows_fingerprint(rows),
        context.config.label.tau,
        context.config.seed,
    )
    folder = context.folder.stage_path("distill", name)
    if (folder / "config.json").is_file():
        result = DistillResult.load(folder)
    else:
        result = distill(
            rows,
            config,
            seed=context.config.seed,
            tau=context.config.label.tau,
            out=folder,
            progress=Renamed(context.progress, f"distil {arm}"),
        )
    context.folder.record(f"distill {arm}", {"fingerprint": name, "steps": result.steps})
    return Student(arm, name, result)
