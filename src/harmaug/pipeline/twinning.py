"""Harmless near twins of the instructions that were generated, beside them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

from harmaug.augment.keep import Keeper
from harmaug.augment.twins import twin_request, twin_task
from harmaug.config import TwinsConfig
from harmaug.pipeline.context import Context
from harmaug.pipeline.generation import Generation
from harmaug.rows import Instruction, InstructionTask, LabelledRow
from harmaug.runs.fingerprint import fingerprint
from harmaug.runs.parts import ComputedParts, chunked, rows_of
from harmaug.stages.generate import GenerateStage


def with_twins(
    context: Context,
    twins: TwinsConfig,
    generation: Generation,
    benchmarks: Sequence[LabelledRow],
) -> Generation:
    """Return the generation with a twin of each of its first instructions, `share` of them."""
    config = twin_request(context.config.generate, twins)
    seed = context.config.seed
    originals = generation.kept[: round(twins.share * len(generation.kept))]
    parts = chunked(originals, context.part_rows)

    def tasks(part: int) -> list[InstructionTask]:
        return [twin_task(row, seed) for row in parts.read(part)]

    name = fingerprint("twins", generation.name, twins.model_dump(mode="json"), len(originals))
    out = context.folder.table("generate", f"{name}-r0", Instruction)
    stage = GenerateStage(config, context.journal)
    context.executor.run("twins", stage, ComputedParts(len(parts), tasks), out, context.progress)
    keeper = Keeper(config, (), [row.prompt for row in benchmarks])
    judged = list(keeper.judge(rows_of(out)))
    kept = [row for row in judged if row.drop is None]
    drops = Counter(generation.drops)
    drops.update(f"twin: {row.drop}" for row in judged if row.drop is not None)
    return dataclasses.replace(
        generation,
        kept=[*generation.kept, *kept],
        drops=drops,
    )
