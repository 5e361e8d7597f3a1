"""What the LLMs have to do: generate and respond, with the real templates on stand-in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harmaug.augment.attack import attack_request
from harmaug.augment.exemplars import ExemplarSampler
from harmaug.config import LLMConfig, ResponderConfig, RunConfig, SamplingConfig
from harmaug.embedded import embedded_model
from harmaug.errors import ConfigError
from harmaug.plan.models import Model, find_model
from harmaug.plan.pilot import Pilot
from harmaug.plan.standins import Sample
from harmaug.plan.work import Work, mean
from harmaug.scoring import TextPair
from harmaug.text import Message

TASKS = 128
"""Requests that are rendered: their mean stands for all."""

KEEP_SHARE = 0.9
"""What the filters leave of the drawn, where they drop: an assumption, and a run says the truth."""

REDRAW = 1.1
"""What generation draws again for each row that is missing (pipeline.generation)."""


def generate(config: RunConfig, data: Sample, pilot: Pilot | None) -> tuple[Work, tuple[str, ...]]:
    """Return the work of generation, and stand-ins for the instructions."""
    settings = config.generate
    model = _writer(settings.llm, "generate.llm.model")
    pool = data.harmful
    sampler = ExemplarSampler(pool, settings.exemplars, settings.same_category, config.seed)
    requests = [attack_request(sampler.task(at), settings) for at in range(TASKS)]
    reading = [model.reading.chat_tokens(row.messages, row.prefill) for row in requests]
    known = pilot.instructions if pilot is not None else [row.prompt for row in pool]
    texts = [known[at % len(known)] for at in range(TASKS)]
    written = [_written(model, text, settings.sampling, pilot) for text in texts]
    drawn = settings.samples + twins(config) + 2 * settings.ablation
    if settings.filters.mode == "drop":
        share = KEEP_SHARE if pilot is None else max(pilot.kept, 0.05)
        drawn += math.ceil(settings.samples * (1 - share) / share * REDRAW)
    counts = [row[1] for row in written]
    work = _write("generate", model, settings.llm, drawn, reading=reading, written=counts)
    return work, tuple(row[0] for row in written)


def twins(config: RunConfig) -> int:
    """Return how many near twins are asked for, and scored by the teacher."""
    settings = config.generate.twins
    return 0 if settings is None else round(settings.share * config.generate.samples)


def kept(config: RunConfig, pilot: Pilot | None) -> int:
    """Return how many instructions are answered: those that are drawn, and twins that stay.

    Without a pilot all twins are taken to stay.
    """
    share = 1.0 if pilot is None else pilot.twins
    return config.generate.samples + round(share * twins(config))


def respond(
    config: RunConfig, data: Sample, pilot: Pilot | None, instructions: Sequence[str]
) -> tuple[list[Work], list[TextPair]]:
    """Return the work of each responder, and stand-ins for the pairs that come of it."""
    found: list[Work] = []
    pairs: list[TextPair] = []
    roles = {"refusal": config.respond.refusal, "harmful": config.respond.harmful}
    shown = [row.response for row in data.looked_at if row.response]
    answered = kept(config, pilot)
    for kind, role in roles.items():
        if role is not None:
            answers = shown if pilot is None else pilot.answers.get(kind, ())
            work, written = _role(kind, role, answers, instructions, kept=answered, pilot=pilot)
            found.append(work)
            pairs.extend(zip(instructions, written, strict=True))
    if config.respond.empty:
        pairs.extend((instruction, None) for instruction in instructions)
    return found, pairs


def _role(
    kind: str,
    role: ResponderConfig,
    answers: Sequence[str],
    instructions: Sequence[str],
    *,
    kept: int,
    pilot: Pilot | None,
) -> tuple[Work, list[str]]:
    model = _writer(role.llm, f"respond.{kind}.llm.model")
    reading = []
    for text in instructions:
        messages: list[Message] = [{"role": "user", "content": text}]
        if role.system is not None:
            messages.insert(0, {"role": "system", "content": role.system})
        reading.append(model.reading.chat_tokens(messages, role.prefix))
    most = role.sampling.max_new_tokens
    texts = list(answers) or ["so it is and will be " * most]
    written = [
        _written(model, texts[at % len(texts)], role.sampling, pilot) for at in range(len(reading))
    ]
    counts = [row[1] for row in written]
    work = _write(f"respond {kind}", model, role.llm, kept, reading=reading, written=counts)
    return work, [row[0] for row in written]


def _writer(llm: LLMConfig, setting: str) -> Model:
    if llm.backend == "embedded":
        return find_model(str(embedded_model("chat")), "causal", setting)
    if llm.model is None:
        raise ConfigError(f"{setting}: name a folder or a hub id")
    return find_model(llm.model, "causal", setting)


def _written(
    model: Model, text: str, sampling: SamplingConfig, pilot: Pilot | None
) -> tuple[str, float]:
    """Cut a stand-in to what may be written; the end marker is a token where it is reached.

    What a pilot wrote is whole, though it may read as more tokens than it was written with.
    """
    most = sampling.max_new_tokens
    length = model.reading.text_tokens(text) + 1
    if pilot is not None:
        return text, min(length, float(most))
    return (text, length) if length <= most else (model.reading.cut(text, most), float(most))


def _write(
    stage: str,
    model: Model,
    llm: LLMConfig,
    rows: int,
    *,
    reading: Sequence[float],
    written: Sequence[float],
) -> Work:
    flops = [model.write_flops(*both) for both in zip(reading, written, strict=True)]
    return Work(
        stage=stage,
        model=model,
        kind="write",
        rows=rows,
        tokens_in=mean(reading) * rows,
        tokens_out=mean(written) * rows,
        flops=mean(flops) * rows,
        batch=min(llm.concurrency if llm.backend == "openai" else llm.batch_size, max(rows, 1)),
        dtype=llm.dtype,
        longest=max(written, default=0.0),
        served=llm.backend == "openai",
    )
