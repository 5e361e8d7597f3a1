"""Harmless near twins of the instructions that were generated, beside them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from harmaug.augment.keep import Keeper
from harmaug.augment.twins import is_copy, twin_request, twin_task
from harmaug.config import TwinsConfig
from harmaug.pipeline.asking import ask
from harmaug.pipeline.context import Context
from harmaug.pipeline.generation import Generation, kept
from harmaug.pipeline.labelling import label_pairs
from harmaug.rows import Instruction, LabelledRow, Pair
from harmaug.runs.fingerprint import fingerprint
from harmaug.runs.parts import chunked, mapped, rows_of


def with_twins(
    context: Context,
    twins: TwinsConfig,
    generation: Generation,
    benchmarks: Sequence[LabelledRow],
) -> Generation:
    """Return the generation with a twin of each of its first instructions, `share` of them.

    What the teacher calls harmful is no twin, and nobody answers it.
    """
    config = twin_request(context.config.generate, twins)
    originals = generation.kept[: round(twins.share * len(generation.kept))]
    parts = chunked(originals, context.part_rows(config.llm))
    tasks = mapped(lambda row: twin_task(row, context.config.seed), parts)
    name = fingerprint("twins", generation.name, twins.model_dump(mode="json"), len(originals))
    out = context.folder.table("generate", f"{name}-r0", Instruction)
    keeper = Keeper(config, (), [row.prompt for row in benchmarks])
    answered = ask(context.changed(generate=config), "twins", tasks, out)
    prompts = {row.id: row.prompt for row in originals}
    drawn = [_unless_copied(row, prompts) for row in keeper.judge(answered)]
    usable = kept(drawn, config)
    harmful, scored = _harmful(context, usable)
    judged = [_told_apart(row, harmful.get(row.id)) for row in drawn]
    drops = Counter(generation.drops)
    drops.update(row.drop for row in judged if row.drop is not None)
    return dataclasses.replace(
        generation,
        kept=[*generation.kept, *(row for row in usable if row.id not in harmful)],
        drops=drops,
        drawn=generation.drawn + len(judged),
        twins=tuple(judged),
        twin_stages=(out.path, scored),
    )


def _harmful(context: Context, twins: Sequence[Instruction]) -> tuple[dict[str, str], Path]:
    """Return why the teacher takes some for no twins, by id; with the folder of its scores."""
    alone = [Pair(row.id, row.prompt, None, "empty", None, None, "generated") for row in twins]
    scored = label_pairs(context, "label twins", alone)
    reasons = {}
    for row in rows_of(scored):
        if row.score is None:
            reasons[row.id] = "not scored"
        elif row.score > context.config.label.tau:
            reasons[row.id] = "harmful"
    return reasons, scored.path


def _unless_copied(row: Instruction, originals: Mapping[str, str]) -> Instruction:
    """Return a judged twin, dropped where it is its harmful original again."""
    copied = any(is_copy(row.prompt, originals[name]) for name in row.exemplar_ids)
    if row.drop is not None or not copied:
        return row
    return dataclasses.replace(row, drop="copy of an exemplar")


def _told_apart(row: Instruction, teachers: str | None) -> Instruction:
    """Return a judged twin whose reason to be dropped is not taken for one of the attack's."""
    reason = teachers or row.drop
    return row if reason is None else dataclasses.replace(row, drop=f"twin: {reason}")
