"""Steered generation in rounds: look where little is, draw, judge, and look again."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from harmaug.augment.exemplars import harmful_prompts
from harmaug.augment.keep import Keeper
from harmaug.augment.steer import NOT_NEW, Shown, SteeredSampler, not_new
from harmaug.config import SteerConfig
from harmaug.embedded import encoder_folder
from harmaug.embedding import Embeddings, embed
from harmaug.errors import ConfigError
from harmaug.pipeline.asking import ask
from harmaug.pipeline.context import Context
from harmaug.pipeline.generation import Generation, generation_name
from harmaug.rows import Instruction, LabelledRow
from harmaug.runs.fingerprint import fingerprint, model_fingerprint
from harmaug.runs.parts import chunked, rows_of


def generate_steered(
    context: Context,
    steer: SteerConfig,
    labelled: Sequence[LabelledRow],
    benchmarks: Sequence[LabelledRow],
) -> Generation:
    """Draw instructions where the space is thin, until `samples` are kept or little new comes.

    Tasks and judgements of every round are kept as they were made: embeddings differ in the last
    digits between machines, and a resumed run must not choose otherwise.

    Raises:
        ConfigError: with filters that only count, since what is not new has to go.
    """
    config = context.config.generate
    if config.filters.mode == "count":
        raise ConfigError("generate.steer drops what is not new: set generate.filters.mode to drop")
    pool = harmful_prompts(labelled)
    weights = model_fingerprint(encoder_folder(steer.encoder), None)
    name = fingerprint(generation_name(context, pool, benchmarks), weights)
    place = embed([row.prompt for row in pool], steer.encoder)
    keeper = Keeper(config, [row.prompt for row in pool], [row.prompt for row in benchmarks])
    size = math.ceil(config.samples / steer.rounds)
    judged: list[Instruction] = []
    kept: list[Instruction] = []
    held: Embeddings = np.zeros((0, place.shape[1]), dtype=np.float32)
    for number in range(steer.rounds * config.max_rounds):
        if len(kept) >= config.samples:
            break
        sampler = SteeredSampler.of(
            pool, place, held, steer, exemplars=config.exemplars, seed=context.config.seed
        )
        drawn = _draw(context, sampler, f"{name}-r{number}", len(judged), size)
        found = _judge(context, steer, keeper, drawn, name=f"{name}-r{number}", held=held)
        new = [row for row in found if row.drop is None]
        judged += found
        kept += new
        held = np.concatenate([held, embed([row.prompt for row in new], steer.encoder)])
        if len(new) < steer.stop_below * len(found):
            break
    table = context.folder.table("judge", fingerprint(name, len(judged)), Instruction)
    table.fill(chunked(judged, context.part_rows(config.llm)))
    drops = Counter(row.drop for row in judged if row.drop is not None)
    context.folder.record("generate", {"fingerprint": name, "drawn": len(judged), **drops})
    return Generation(name, kept[: config.samples], table, drops, len(judged))


def _draw(
    context: Context, sampler: SteeredSampler, name: str, first: int, count: int
) -> list[Instruction]:
    """Run one round of the stage over the exemplars that were written down for it."""
    shown = context.folder.table("steer", name, Shown)
    if not len(shown):
        shown.write(0, [sampler.shown(index) for index in range(first, first + count)])
    out = context.folder.table("generate", name, Instruction)
    tasks = [row.task(context.config.seed) for row in rows_of(shown)]
    parts = chunked(tasks, context.part_rows(context.config.generate.llm))
    return list(ask(context, "generate", parts, out))


def _judge(
    context: Context,
    steer: SteerConfig,
    keeper: Keeper,
    drawn: Sequence[Instruction],
    *,
    name: str,
    held: Embeddings,
) -> list[Instruction]:
    """Judge a round, or find its judgement again; the keeper hears of it either way."""
    judged = list(keeper.judge(drawn))
    table = context.folder.table("judge", f"steered-{name}", Instruction)
    if not len(table):
        passed = [row for row in judged if row.drop is None]
        old = not_new(embed([row.prompt for row in passed], steer.encoder), held, steer.novelty)
        known = {row.id for row, is_old in zip(passed, old, strict=True) if is_old}
        table.write(
            0,
            [dataclasses.replace(row, drop=NOT_NEW) if row.id in known else row for row in judged],
        )
    return list(rows_of(table))
