"""What teacher and students have to do: label, distil and evaluate, on stand-in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from harmaug.config import RunConfig, TeacherConfig
from harmaug.embedded import embedded_model
from harmaug.guard.load import find
from harmaug.plan.asked import asked
from harmaug.plan.models import Model, find_model
from harmaug.plan.standins import Sample
from harmaug.plan.work import Work, mean
from harmaug.scoring import TextPair
from harmaug.teachers.files import Files
from harmaug.teachers.load import CAUSAL, family_of

WORKLESS = frozenset({"recorded", "openai-moderation"})
"""Families that compute nothing on a machine of ours."""

SETTING = "label.teacher.model"

BACKWARD = 3.0
"""Forward and backward against forward alone: the gradient of weights and of inputs cost one
forward pass each."""


def label(teacher: TeacherConfig, stage: str, pairs: Sequence[TextPair], rows: int) -> list[Work]:
    """Return the work of a teacher over `rows` rows that `pairs` stand for.

    An ensemble's is that of its members. Scores that are read from a file, or bought from a
    moderation API, are none.
    """
    family = family_of(teacher, offline=True) if teacher.family == "auto" else teacher.family
    if family == "ensemble":
        return [work for member in teacher.members for work in label(member, stage, pairs, rows)]
    if family in WORKLESS:
        return []
    if family in CAUSAL:
        return _asked(teacher, family, stage, pairs, rows)
    return [_classified(teacher, family, stage, pairs, rows)]


def _classified(
    teacher: TeacherConfig, family: str, stage: str, pairs: Sequence[TextPair], rows: int
) -> Work:
    if family == "guard":
        files = find(teacher.model)
        model = find_model(str(files.folder), "classifier", SETTING)
        passes = model.reading.window_tokens(pairs, files.settings().window)
    else:
        model = find_model(teacher.model, "classifier", SETTING)
        limits = [most for most in (teacher.max_length, model.limit) if most is not None]
        passes = model.reading.window_tokens(pairs, min(limits, default=None))
    share = rows / len(pairs)
    flops = model.score_flops(passes, teacher.batch_size) * share
    return Work(
        stage,
        model,
        "read",
        rows,
        sum(passes) * share,
        0.0,
        flops,
        teacher.batch_size,
        teacher.dtype,
    )


def _asked(
    teacher: TeacherConfig, family: str, stage: str, pairs: Sequence[TextPair], rows: int
) -> list[Work]:
    """Return a causal guard's readings, and what it writes."""
    served = teacher.engine == "openai"
    name = teacher.tokenizer if served and teacher.tokenizer else teacher.model
    base = Files(name, teacher.revision, offline=True).adapter_base()
    model = find_model(base or name, "causal", SETTING)
    texts = asked(teacher, family, model, pairs)
    share, batch = rows / len(pairs), teacher.concurrency if served else teacher.batch_size
    work = partial(
        Work,
        stage=stage,
        model=model,
        batch=batch,
        dtype=teacher.dtype,
        served=served,
    )
    found = []
    if texts.read or not texts.continued:
        found.append(
            work(
                kind="read",
                rows=rows,
                tokens_in=sum(texts.read) * share,
                tokens_out=0.0,
                flops=model.score_flops(texts.read, batch) * share,
            )
        )
    if texts.continued:
        found.append(
            work(
                kind="write",
                rows=round(len(texts.continued) * share),
                tokens_in=sum(length for length, _ in texts.continued) * share,
                tokens_out=sum(most for _, most in texts.continued) * share,
                flops=sum(model.write_flops(*both) for both in texts.continued) * share,
                longest=max(most for _, most in texts.continued),
            )
        )
    return found


def student(config: RunConfig) -> Model:
    """Return the student's shape."""
    name = config.distill.student
    place = str(embedded_model("encoder")) if name == "embedded-encoder" else name
    return find_model(place, "classifier", "distill.student", config.distill.layers)


def window(config: RunConfig, model: Model) -> int:
    """Return the most tokens of a row that the student reads."""
    return min(config.distill.max_length, model.limit or config.distill.max_length)


def distil(
    config: RunConfig, arm: str, model: Model, sets: Sequence[tuple[Sequence[TextPair], int]]
) -> Work:
    """Return the work of one training, validation included, on sets of rows and their stand-ins."""
    settings = config.distill
    lengths = [
        (model.reading.pair_tokens(pairs, window(config, model)), rows)
        for pairs, rows in sets
        if rows and pairs
    ]
    rows = sum(count for _, count in lengths)
    tokens = sum(mean(row) * count for row, count in lengths)
    per_pass = max(1, round(settings.micro_batch_tokens * rows / max(tokens, 1)))
    forward = sum(model.score_flops(row, per_pass) / len(row) * count for row, count in lengths)
    training = 1 - settings.validation_fraction
    steps = settings.epochs * math.ceil(rows * training / settings.batch_size)
    epochs = settings.epochs * (settings.steps or steps) / max(steps, 1)
    validated = settings.validation_fraction * settings.validations
    return Work(
        stage=f"distil {arm}",
        model=model,
        kind="train",
        rows=rows,
        tokens_in=tokens * training * epochs,
        tokens_out=0.0,
        flops=forward * (training * epochs * BACKWARD + validated),
        batch=per_pass,
        dtype="float32",
    )


def evaluate(
    config: RunConfig, stage: str, model: Model, benchmarks: Sequence[Sample]
) -> Work | None:
    """Return the work of a student on every benchmark, None where there is none."""
    if not benchmarks:
        return None
    tokens = flops = 0.0
    for sample in benchmarks:
        pairs = as_pairs(sample)
        passes = model.reading.window_tokens(pairs, window(config, model))
        weight = sample.rows / len(pairs)
        tokens += sum(passes) * weight
        flops += model.score_flops(passes, 1) * weight
    rows = sum(sample.rows for sample in benchmarks)
    return Work(stage, model, "read", rows, tokens, 0.0, flops, 1, "float32")


def as_pairs(sample: Sample) -> list[TextPair]:
    """Return the stand-ins of a data set as pairs."""
    return [(row.prompt, row.response) for row in sample.looked_at]
