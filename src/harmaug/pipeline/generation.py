"""Generation in rounds: draw, judge, and draw again until enough is kept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harmaug.augment.attack import INJECTION, REQUEST, TEMPLATE
from harmaug.augment.exemplars import ExemplarSampler, harmful_prompts
from harmaug.augment.keep import Keeper
from harmaug.config import GenerateConfig
from harmaug.pipeline.asking import ask
from harmaug.pipeline.context import Context, llm_identity
from harmaug.pipeline.timing import stage_seconds
from harmaug.rows import Instruction, LabelledRow
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.parts import PartFolder, chunked, mapped, rows_of

ALWAYS_DROPPED = frozenset({"error", "minors", "empty"})


@dataclass(frozen=True)
class Generation:
    """Every instruction drawn with its judgement, and those that are kept, in drawing order.

    `judged` are the attack's own, `twins` the near twins that were asked for after them, likewise
    with their judgement; those of them that are kept stand last. `drawn` counts both. `name` names
    the stages that drew the attack's, `twin_stages` are the folders of those that drew and scored
    the twins.
    """

    name: str
    kept: list[Instruction]
    judged: PartFolder[Instruction]
    drops: Mapping[str, int]
    drawn: int
    twins: tuple[Instruction, ...] = ()
    twin_stages: tuple[Path, ...] = ()

    def asked_for(self) -> list[Instruction]:
        """Return all that the generator was asked for, the attack's first."""
        return [*rows_of(self.judged), *self.twins]

    def seconds(self, context: Context) -> float:
        """Return how long drawing took, the teacher's look at twins with it."""
        rounds = (context.folder.root / "stages").glob(f"generate-{self.name}-r*")
        return stage_seconds(*rounds, *self.twin_stages)


def generate_instructions(
    context: Context, labelled: Sequence[LabelledRow], benchmarks: Sequence[LabelledRow]
) -> Generation:
    """Draw instructions until `samples` are kept or the rounds are over.

    With `filters.mode: count` there is one round and every usable row is kept.
    """
    config = context.config.generate
    pool = harmful_prompts(labelled)
    sampler = ExemplarSampler(pool, config.exemplars, config.same_category, context.config.seed)
    name = generation_name(context, pool, benchmarks)
    before = _judged_before(context, name)
    if before is not None:
        return _generation(context, name, before)
    context.folder.record("generate", {"fingerprint": name, "rounds": 0})
    keeper = Keeper(config, [row.prompt for row in pool], [row.prompt for row in benchmarks])
    judged: list[Instruction] = []
    wanted = config.samples
    for number in range(config.max_rounds):
        indices = range(len(judged), len(judged) + wanted)
        tasks = mapped(sampler.task, chunked(indices, context.part_rows(config.llm)))
        out = context.folder.table("generate", f"{name}-r{number}", Instruction)
        judged.extend(keeper.judge(ask(context, "generate", tasks, out)))
        missing = config.samples - len(kept(judged, config))
        if missing <= 0 or config.filters.mode == "count":
            break
        keep_rate = max(len(kept(judged, config)) / len(judged), 0.05)
        wanted = math.ceil(missing / keep_rate * 1.1)
    table = _judged_table(context, name, len(judged))
    table.fill(chunked(judged, context.part_rows(config.llm)))
    return _generation(context, name, judged)


def _generation(context: Context, name: str, judged: Sequence[Instruction]) -> Generation:
    """Count what came of it, and note that it is done."""
    config = context.config.generate
    passed = kept(judged, config)[: config.samples]
    drops = Counter(row.drop for row in judged if row.drop is not None)
    context.folder.record(
        "generate",
        {"fingerprint": name, "drawn": len(judged), "kept": len(passed), "drops": dict(drops)},
    )
    table = _judged_table(context, name, len(judged))
    return Generation(name, passed, table, drops, len(judged))


def _judged_table(context: Context, name: str, drawn: int) -> PartFolder[Instruction]:
    return context.folder.table("judge", fingerprint(name, drawn), Instruction)


def _judged_before(context: Context, name: str) -> list[Instruction] | None:
    """Return the judgements that this run made before: judging takes far longer than reading."""
    facts = context.folder.recorded("generate") or {}
    drawn = facts.get("drawn")
    if facts.get("fingerprint") != name or not isinstance(drawn, int):
        return None
    table = _judged_table(context, name, drawn)
    whole = len(table) == math.ceil(drawn / context.part_rows(context.config.generate.llm))
    return list(rows_of(table)) if whole else None


def kept(judged: Sequence[Instruction], config: GenerateConfig) -> list[Instruction]:
    """Return what goes on: with `filters.mode: count` all that is usable, else what passed."""
    if config.filters.mode == "count":
        return [row for row in judged if row.prompt and row.drop not in ALWAYS_DROPPED]
    return [row for row in judged if row.drop is None]


def generation_name(
    context: Context, pool: Sequence[LabelledRow], benchmarks: Sequence[LabelledRow]
) -> str:
    """Return what names a generation: settings, generator, templates, exemplars, seed."""
    config = context.config.generate
    settings = config.model_dump(
        mode="json", exclude={"llm", "twins", "ablation"}, exclude_none=True
    )
    return fingerprint(
        settings,
        llm_identity(config.llm),
        [TEMPLATE, REQUEST, INJECTION],
        rows_fingerprint(pool),
        rows_fingerprint(benchmarks),
        context.config.seed,
        context.part_rows(config.llm),
    )
