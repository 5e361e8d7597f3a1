"""Harmless near twins of the instructions that were generated, beside them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from harmaug.augment.keep import Keeper
from harmaug.augment.twins import is_copy, twin_request, twin_task
from harmaug.config import TwinsConfig
from harmaug.pipeline.asking import ask
from harmaug.pipeline.context import Context
from harmaug.pipeline.generation import Generation, kept
from harmaug.rows import Instruction, LabelledRow
from harmaug.runs.fingerprint import fingerprint
from harmaug.runs.parts import chunked, mapped


def with_twins(
    context: Context,
    twins: TwinsConfig,
    generation: Generation,
    benchmarks: Sequence[LabelledRow],
) -> Generation:
    """Return the generation with a twin of each of its first instructions, `share` of them."""
    config = twin_request(context.config.generate, twins)
    originals = generation.kept[: round(twins.share * len(generation.kept))]
    parts = chunked(originals, context.part_rows(config.llm))
    tasks = mapped(lambda row: twin_task(row, context.config.seed), parts)
    name = fingerprint("twins", generation.name, twins.model_dump(mode="json"), len(originals))
    out = context.folder.table("generate", f"{name}-r0", Instruction)
    keeper = Keeper(config, (), [row.prompt for row in benchmarks])
    answered = ask(context.changed(generate=config), "twins", tasks, out)
    prompts = {row.id: row.prompt for row in originals}
    found = [_unless_copied(row, prompts) for row in keeper.judge(answered)]
    judged = [_told_apart(row) for row in found]
    drops = Counter(generation.drops)
    drops.update(row.drop for row in judged if row.drop is not None)
    return dataclasses.replace(
        generation,
        kept=[*generation.kept, *kept(found, context.config.generate)],
        drops=drops,
        drawn=generation.drawn + len(judged),
        twins=tuple(judged),
        twins_name=name,
    )


def _unless_copied(row: Instruction, originals: Mapping[str, str]) -> Instruction:
    """Return a judged twin, dropped where it is its harmful original again."""
    copied = any(is_copy(row.prompt, originals[name]) for name in row.exemplar_ids)
    if row.drop is not None or not copied:
        return row
    return dataclasses.replace(row, drop="copy of an exemplar")


def _told_apart(row: Instruction) -> Instruction:
    """Return a judged twin whose reason to be dropped is not taken for one of the attack's."""
    return row if row.drop is None else dataclasses.replace(row, drop=f"twin: {row.drop}")
