"""What teacher and students have to do: label, distil and evaluate, on stand-in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harmaug.config import RunConfig, TeacherConfig
from harmaug.embedded import embedded_model
from harmaug.guard.load import find
from harmaug.plan.models import Model, find_model
from harmaug.plan.standins import Sample
from harmaug.plan.work import Work, mean
from harmaug.scoring import TextPair
from harmaug.teachers.catalogue import CARDS
from harmaug.teachers.load import family_of
from harmaug.text import Message

CLASSIFIERS = frozenset(family for family, card in CARDS.items() if card.windowed) - {"guard"}
"""Teacher families that read windows and give logits of classes."""

WORKLESS = frozenset({"recorded", "openai-moderation"})
"""Families that compute nothing on a machine of ours."""

READINGS = {"shieldgemma": 4, "wildguard": 3, "polyguard": 4, "nemoguard": 2}
"""Readings of one row, where it is not one: ShieldGemma's policies are asked one by one, and lines
that are forced one after the other (`harmaug.teachers.lines`) each read what stands before."""

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
    return [] if family in WORKLESS else [_read(teacher, family, stage, pairs, rows)]


def _read(
    teacher: TeacherConfig, family: str, stage: str, pairs: Sequence[TextPair], rows: int
) -> Work:
    served = teacher.engine == "openai"
    batch = teacher.concurrency if served else teacher.batch_size
    if family == "guard":
        files = find(teacher.model)
        model = find_model(str(files.folder), "classifier", "label.teacher.model")
        passes = model.reading.window_tokens(pairs, files.settings().window)
    elif family in CLASSIFIERS:
        model = find_model(teacher.model, "classifier", "label.teacher.model")
        limits = [most for most in (teacher.max_length, model.limit) if most is not None]
        passes = model.reading.window_tokens(pairs, min(limits, default=None))
    else:
        name = teacher.tokenizer if served and teacher.tokenizer else teacher.model
        model = find_model(name, "causal", "label.teacher.model")
        read = [model.reading.chat_tokens(_turns(pair), None) for pair in pairs]
        passes = read * READINGS.get(family, 1)
    share = rows / len(pairs)
    return Work(
        stage=stage,
        model=model,
        kind="read",
        rows=rows,
        tokens_in=sum(passes) * share,
        tokens_out=0.0,
        flops=model.score_flops(passes, batch) * share,
        batch=batch,
        dtype=teacher.dtype,
        served=served,
    )


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


def _turns(pair: TextPair) -> list[Message]:
    prompt, response = pair
    turns: list[Message] = [{"role": "user", "content": prompt}]
    return turns if response is None else [*turns, {"role": "assistant", "content": response}]
