"""Responses for the kept instructions, and the teacher's scores for them and for D."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from harmaug.augment.exemplars import row_seed
from harmaug.config import RespondConfig
from harmaug.llm.journal import Journal
from harmaug.pipeline.context import Context, llm_identity, weights_of
from harmaug.pipeline.data import as_pairs
from harmaug.pipeline.generation import Generation
from harmaug.rows import (
    Instruction,
    LabelledRow,
    Pair,
    ResponseKind,
    ResponseTask,
    ScoredPair,
)
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.folder import Facts
from harmaug.runs.parts import ComputedParts, PartFolder, Parts, chunked
from harmaug.stages.label import LabelStage
from harmaug.stages.respond import RespondStage
from harmaug.teachers.load import asks_server


@dataclass(frozen=True)
class Table:
    """Pairs in parts, with the name that their content and making give them."""

    name: str
    parts: PartFolder[Pair]


def respond(context: Context, generation: Generation) -> Table:
    """Write each instruction's responses (Section 3.2)."""
    config = context.config.respond
    kinds = _kinds(config)
    roles = [role for role in (config.refusal, config.harmful) if role is not None]
    part_rows = context.part_rows(*(role.llm for role in roles))
    kept = chunked(generation.kept, part_rows)
    seed = context.config.seed

    def tasks(part: int) -> list[ResponseTask]:
        return [_task(seed, row, kind) for row in kept.read(part) for kind in kinds]

    name = fingerprint(
        config.deciding().model_dump(mode="json"),
        [llm_identity(role.llm) for role in roles],
        rows_fingerprint(generation.kept),
        context.config.seed,
        part_rows,
    )
    out = context.folder.table("respond", name, Pair)
    stage = RespondStage(config, context.journal)
    context.executor.run("respond", stage, ComputedParts(len(kept), tasks), out, context.progress)
    context.folder.record("respond", {"fingerprint": name, "parts": len(out)})
    return Table(name, out)


def label_data(context: Context, rows: Sequence[LabelledRow]) -> PartFolder[ScoredPair]:
    """Let the teacher score D's own rows."""
    return label_pairs(context, "label D", as_pairs(rows))


def label_pairs(context: Context, what: str, pairs: Sequence[Pair]) -> PartFolder[ScoredPair]:
    """Let the teacher score pairs that are in memory."""
    part_rows = context.part_rows(context.config.label.teacher)
    return _label(context, what, rows_fingerprint(pairs), chunked(pairs, part_rows))


def label_synthetic(context: Context, table: Table) -> PartFolder[ScoredPair]:
    """Let the teacher score the generated pairs."""
    return _label(context, "label synthetic", table.name, table.parts)


def _label(context: Context, what: str, content: str, pairs: Parts[Pair]) -> PartFolder[ScoredPair]:
    teacher = context.config.label.teacher
    weights = weights_of(teacher)
    name = fingerprint(teacher.identity(), weights, content, context.part_rows(teacher))
    out = context.folder.table("label", name, ScoredPair)
    stage = LabelStage(teacher, context.journal)
    context.executor.run(what, stage, pairs, out, context.progress)
    missing = Counter(
        "scored" if row.score is not None else "missing"
        for part in range(len(out))
        for row in out.read(part)
    )
    facts: Facts = {"fingerprint": name, **missing}
    if asks_server(teacher):
        facts = {**facts, "server": asdict(Journal(context.journal).accounts())}
    context.folder.record(what, facts)
    return out


def _kinds(config: RespondConfig) -> list[ResponseKind]:
    kinds: list[ResponseKind] = []
    if config.refusal is not None:
        kinds.append("refusal")
    if config.harmful is not None:
        kinds.append("harmful")
    if config.empty:
        kinds.append("empty")
    return kinds


def _task(seed: int, row: Instruction, kind: ResponseKind) -> ResponseTask:
    return ResponseTask(
        id=f"{row.id}:{kind}",
        index=row.index,
        seed=row_seed(seed, "respond", row.index, kind),
        instruction_id=row.id,
        prompt=row.prompt,
        kind=kind,
    )
