"""The whole of it: rows in, a folder with a guard out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from harmaug.config import DistillConfig
from harmaug.distill.batches import Schedule
from harmaug.distill.checkpoint import Checkpoint, fingerprint
from harmaug.distill.compute import choose_compute
from harmaug.distill.examples import Examples, Rows, examples_of
from harmaug.distill.output import write_student
from harmaug.distill.result import DistillResult
from harmaug.distill.shards import Shards
from harmaug.distill.split import split
from harmaug.distill.student import Student, load_student
from harmaug.distill.task import Task, Training
from harmaug.distill.team import Announcements, Team, join
from harmaug.distill.train import train
from harmaug.errors import ConfigError, ModelError, RunFolderError
from harmaug.progress import Progress, Quiet
from harmaug.rows import ScoredPair
from harmaug.runs.parts import disk_error

QUIET = Quiet()


def distill(
    rows: Sequence[ScoredPair],
    config: DistillConfig,
    *,
    seed: int,
    tau: float,
    out: Path,
    progress: Progress = QUIET,
) -> DistillResult:
    """Train a student by Equation 1 and write it, exported, to the folder `out`.

    The folder is built beside `out` inside `.NAME.partial` and renamed when whole. What a killed
    process left there of the same training is taken up where it stands; what is of another
    training is overwritten. Same seed, rows and machine, same weights. Where `torchrun` started
    several processes, the first one calls this inside `leading`.

    Args:
        rows: pairs with a teacher score, a human label, or both; others are left out and counted.
        config: the student and how it is trained.
        seed: of the new head, the split, the order of rows and dropout.
        tau: the teacher's threshold; its hard label is score > tau.
        out: a folder that does not exist yet, or an empty one.
        progress: hears of every step.

    Raises:
        DataError: rows that cannot train a guard.
        ModelError: a student that cannot be loaded or exported, or whose training diverges.
        RunFolderError: `out` holds something already, or the disk does not take what is written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunFolderError(f"{out} holds something already: remove it or name another folder")
    building = out.parent / f".{out.name}.partial"
    student = load_student(config.student, config.revision, seed, config.layers)
    mark = fingerprint(rows, config, student, seed=seed, tau=tau)
    announcements().make(Job(tuple(rows), config, seed, tau))
    task = task_of(rows, config, student, seed=seed, tau=tau)
    checkpoint = Checkpoint(building / "checkpoint", mark)
    training = train(task, checkpoint, progress)
    student = task.team.whole(student)
    result = _result(out, task, training)
    settings: dict[str, object] = {
        "seed": seed,
        "tau": tau,
        "fingerprint": mark,
        **config.model_dump(by_alias=True),
    }
    whole = building / "student"
    shutil.rmtree(whole, ignore_errors=True)
    try:
        whole.mkdir()
        write_student(student, config, result, settings, whole)
        whole.replace(out)
    except Exception as error:  # tokenizers, safetensors and onnx each have their own for a disk
        if not isinstance(error, OSError) and "No space left" not in str(error):
            raise
        shutil.rmtree(whole, ignore_errors=True)
        raise disk_error(out, OSError(*error.args)) from None
    shutil.rmtree(building)
    return result


@dataclass(frozen=True)
class Job:
    """What the processes of a team train on together; the fields are those of `distill`."""

    rows: tuple[ScoredPair, ...]
    config: DistillConfig
    seed: int
    tau: float


@cache
def announcements() -> Announcements[Job]:
    """Return how this process's team is told what to do."""
    return Announcements(join())


@contextmanager
def leading() -> Iterator[bool]:
    """Say whether this process leads its team, which those that do not then follow.

    Under `torchrun` everything but training belongs inside, and happens where this says True; the
    others take part in each training of the first process until it is done here.
    """
    team = join()
    if team.rank > 0:
        _follow()
    try:
        yield team.rank == 0
    finally:
        if team.rank == 0:
            announcements().make(None)
    team.part()


def _follow() -> None:
    """Take part in every training that the first process begins, until dismissed."""
    while (job := announcements().hear()) is not None:
        student = load_student(job.config.student, job.config.revision, job.seed, job.config.layers)
        task = task_of(job.rows, job.config, student, seed=job.seed, tau=job.tau)
        with suppress(ModelError):  # all diverge at the same step: the first process tells of it
            train(task, None, QUIET)
            task.team.whole(student)


def task_of(
    rows: Sequence[ScoredPair], config: DistillConfig, student: Student, *, seed: int, tau: float
) -> Task:
    """Encode and split rows for a student, and set how it is trained. Arguments as `distill`."""
    examples = examples_of(
        rows,
        student.fast_tokenizer,
        max_length=student.window(config.max_length),
        temperature=config.temperature,
        tau=tau,
    )
    training_rows, validation_rows = split(examples, config.validation_fraction, seed)
    per_epoch = -(-len(training_rows) // config.batch_size)
    steps = max(1, round(config.epochs * per_epoch))
    return Task(
        student=student,
        examples=examples,
        validation=validation_rows,
        weights=_weights(examples, training_rows, config.balance_classes),
        schedule=Schedule(
            rows=training_rows,
            batch_size=config.batch_size,
            steps=config.steps or steps,
            seed=seed,
        ),
        config=config,
        compute=choose_compute(config.precision),
        team=team_for(config),
    )


def team_for(config: DistillConfig) -> Team:
    """Return this process's team, as the configuration wants it to hold the student.

    Raises:
        ConfigError: a student to be sharded, and nobody to share it with.
    """
    team = join()
    if config.sharding is None:
        return team
    if team.size == 1:
        raise ConfigError(
            "distill.sharding needs several processes: start the same command by "
            "torchrun --nproc-per-node GPUS --no-python"
        )
    return Shards(team.rank, team.size)


def _weights(examples: Examples, rows: Rows, balance: bool) -> torch.Tensor:
    """Weight of every example's loss: 1, or such that both classes weigh the same and mean 1."""
    if not balance:
        return torch.ones(len(examples))
    harmful = float(examples.label[rows].mean())
    weight = np.where(examples.label == 1, 0.5 / harmful, 0.5 / (1.0 - harmful))
    return torch.from_numpy(weight.astype(np.float32))


def _result(out: Path, task: Task, training: Training) -> DistillResult:
    best = None if training.best is None else training.history[training.best]
    return DistillResult(
        folder=out,
        steps=training.step,
        tokens=training.tokens,
        seconds=training.seconds,
        auprc=None if best is None else best.auprc,
        loss=None if best is None else best.loss,
        history=tuple(training.history),
        rows=task.examples.counts,
        training_rows=len(task.schedule.rows),
        validation_rows=len(task.validation),
        window=task.student.window(task.config.max_length),
        compute=task.compute.name,
    )
