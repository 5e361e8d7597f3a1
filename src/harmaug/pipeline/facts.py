"""What was generated, in figures and samples, read from the parts of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from harmaug.augment.attack import INJECTION, REQUEST, TEMPLATE
from harmaug.augment.exemplars import harmful_prompts
from harmaug.augment.refusals import is_refusal
from harmaug.config import GenerateConfig
from harmaug.evaluate.agreement import Judged, agreement
from harmaug.evaluate.results import AttackFacts, DataFacts, GenerationFacts, KindFacts, Sample
from harmaug.llm.journal import Accounts, Journal
from harmaug.pipeline.asking import attack_facts
from harmaug.pipeline.context import Context, llm_identity
from harmaug.pipeline.generation import Generation
from harmaug.pipeline.labelling import Table
from harmaug.pipeline.timing import stage_seconds
from harmaug.rows import Instruction, LabelledRow, Pair, ScoredPair
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.parts import PartFolder, rows_of

BINS = 20
KEPT_SAMPLES = 150
DROPPED_SAMPLES = 50
REASONS = 20


def data_facts(
    context: Context, rows: Sequence[LabelledRow], scored: PartFolder[ScoredPair]
) -> DataFacts:
    """Describe D and how the teacher judges it."""
    tau = context.config.label.tau
    found = agreement([_judged(row, tau) for row in rows_of(scored)], tau)
    share = found.whole.agreement.value
    return DataFacts(
        train=context.config.data.train,
        revision=rows_fingerprint(rows),
        n=len(rows),
        positives=sum(row.label == 1 for row in rows),
        exemplars=len(harmful_prompts(rows)),
        missing=found.whole.missing,
        agreement=share if found.whole.answered else None,
        against_humans=found,
    )


def _judged(row: ScoredPair, tau: float) -> Judged:
    """Return a row of D as the teacher labels it: harmful above tau (Section 3.1)."""
    return Judged(
        label=int(row.label == 1),
        score=row.score,
        flagged=None if row.score is None else row.score > tau,
        source=row.source,
        category=row.category,
    )


def generation_facts(
    context: Context,
    generation: Generation,
    pairs: Table,
    scored: PartFolder[ScoredPair],
    ablation: tuple[AttackFacts, ...],
) -> GenerationFacts:
    """Gather everything about the generated set that the report shows."""
    config = context.config.generate
    attack = attack_facts(config.attack, rows_of(generation.judged))
    written = generation.asked_for()
    alone = [row.score for row in rows_of(scored) if row.kind == "empty" and row.score is not None]
    histogram, _ = np.histogram(alone, bins=BINS, range=(0.0, 1.0))
    return GenerationFacts(
        llm=config.llm.model or config.llm.backend,
        llm_fingerprint=fingerprint(llm_identity(config.llm)),
        template=_template(config),
        attack=attack.attack,
        prefix=config.prefix,
        drawn=generation.drawn,
        twins=len(generation.twins),
        asked=attack.asked,
        refused=attack.refused,
        success=attack.success,
        kept=len(generation.kept),
        filters=config.filters.mode,
        drops=dict(Counter(generation.drops).most_common()),
        tokens_in=sum(row.tokens_in for row in written),
        tokens_out=sum(row.tokens_out for row in written),
        seconds=generation.seconds(context),
        respond_seconds=stage_seconds(pairs.parts.path),
        label_seconds=stage_seconds(scored.path),
        kinds=_kinds(rows_of(pairs.parts), rows_of(scored), context.config.label.tau),
        histogram=tuple(int(count) for count in histogram),
        samples=_samples(generation.kept, written, rows_of(scored)),
        failed=_reasons(row.error for row in written),
        ablation=ablation,
    )


def _template(config: GenerateConfig) -> str:
    """Name the words in which the generator was asked: for twins as well, where there are any."""
    twins = [] if config.twins is None else [config.twins.request]
    request = config.request or REQUEST
    return fingerprint(TEMPLATE, request, INJECTION, config.prefix, config.attack, *twins)


def server_accounts(context: Context) -> Accounts | None:
    """Return what servers were asked in this run folder, None when none ever was."""
    return Journal(context.journal).accounts() if context.journal.is_file() else None


def _reasons(errors: Iterable[str | None]) -> dict[str, int]:
    """Count reasons, most frequent first; a server may name each request in its own."""
    counts = Counter(error for error in errors if error is not None)
    found = dict(counts.most_common(REASONS))
    rest = counts.total() - sum(found.values())
    return {**found, "other reasons": rest} if rest else found


def _kinds(
    pairs: Iterable[Pair], scored: Iterable[ScoredPair], tau: float
) -> tuple[KindFacts, ...]:
    written: defaultdict[str, list[Pair]] = defaultdict(list)
    scores: defaultdict[str, list[float | None]] = defaultdict(list)
    for pair, row in zip(pairs, scored, strict=True):
        written[pair.kind].append(pair)
        if pair.error is None:
            scores[pair.kind].append(row.score)
    return tuple(
        KindFacts(
            kind=kind,
            n=len(rows),
            failed=_reasons(row.error for row in rows),
            refusals=sum(is_refusal(row.response or "", verdicts=True) for row in rows),
            flagged=sum(score is not None and score > tau for score in scores[kind]),
            missing=sum(score is None for score in scores[kind]),
            tokens_in=sum(row.tokens_in for row in rows),
            tokens_out=sum(row.tokens_out for row in rows),
        )
        for kind, rows in written.items()
    )


def _samples(
    kept: Sequence[Instruction], judged: Sequence[Instruction], scored: Iterable[ScoredPair]
) -> tuple[Sample, ...]:
    """Take instructions evenly over the run, kept ones first; nothing that was unspeakable."""
    used = {row.id for row in kept}
    dropped = [row for row in judged if row.id not in used and row.drop and row.prompt]
    chosen = [*_spread(kept, KEPT_SAMPLES), *_spread(dropped, DROPPED_SAMPLES)]
    wanted = {row.id for row in chosen}
    found: defaultdict[str, list[ScoredPair]] = defaultdict(list)
    for row in scored:
        if row.instruction in wanted:
            found[row.instruction].append(row)
    return tuple(_sample(row, row.id in used, found[row.id]) for row in chosen)


def _sample(row: Instruction, kept: bool, pairs: Sequence[ScoredPair]) -> Sample:
    return Sample(
        id=row.id,
        prompt=row.prompt,
        drop=None if kept else row.drop,
        score=next((pair.score for pair in pairs if pair.kind == "empty"), None),
        exemplar_ids=row.exemplar_ids,
        responses=tuple(
            (pair.kind, pair.response, pair.score) for pair in pairs if pair.response is not None
        ),
    )


def _spread(rows: Sequence[Instruction], count: int) -> list[Instruction]:
    if len(rows) <= count:
        return list(rows)
    return [rows[at * len(rows) // count] for at in range(count)]
