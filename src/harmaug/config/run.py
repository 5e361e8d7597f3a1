"""The configuration of a run: one model per stage, every key checked, nothing free-form.

Defaults are the paper's settings where the paper prints them (Section 4, Appendix A); where it
is silent the choice made here is recorded in the run like any other key.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harmaug.config.distill import DistillConfig
from harmaug.config.generate import GenerateConfig, RespondConfig
from harmaug.config.label import LabelConfig, SelectConfig
from harmaug.config.model import Count, Fraction, Model, Seed


class DataConfig(Model):
    """The labelled data D: names or files. Only rows with a label train."""

    train: tuple[str, ...] = ("wildguardmix",)
    max_rows: Count | None = None
    unlabelled_agreement: Literal["drop", "harmless"] = "drop"


class BenchmarkConfig(Model):
    """One benchmark: a name or a file, at most `max_rows` of it, the same whatever the seed."""

    name: str
    max_rows: Count | None = None


class EvaluateConfig(Model):
    """Which benchmarks, which operating point, how many bootstrap resamples."""

    benchmarks: tuple[BenchmarkConfig, ...] = ()
    threshold: Fraction = 0.5
    bootstrap: Count = 1000
    cost: bool = True


class ExecutorConfig(Model):
    """Where stages run. It changes nothing of the rows and is no part of any fingerprint.

    `ray` is the cluster that RAY_ADDRESS names, or one started on this machine; each of its
    workers is given `gpus_per_worker` GPUs.
    """

    kind: Literal["local", "ray"] = "local"
    workers: Count = 1
    gpus_per_worker: Annotated[float, Field(ge=0.0)] = 0.0


class RunConfig(Model):
    """A whole run.

    `baseline` also trains plain distillation (no synthetic rows) to compare. `part_rows` is how
    many rows each part of the run folder holds: what a killed run computes again at most. Not set,
    it is 512, or 4,096 in the stages whose own model a server answers for.
    """

    name: str = "run"
    seed: Seed = 42
    baseline: bool = True
    part_rows: Count | None = None
    data: DataConfig = DataConfig()
    generate: GenerateConfig = GenerateConfig()
    respond: RespondConfig = RespondConfig()
    label: LabelConfig = LabelConfig()
    select: SelectConfig = SelectConfig()
    distill: DistillConfig = DistillConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    executor: ExecutorConfig = ExecutorConfig()
