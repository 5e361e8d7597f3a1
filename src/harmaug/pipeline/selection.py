"""The synthetic rows that train, as the configuration chooses them."""

from __future__ import annotations

from collections.abc import Sequence

from harmaug.augment.select import (
    Ranking,
    by_confidence,
    by_disagreement,
    by_novelty,
    select,
)
from harmaug.augment.twins import is_twin
from harmaug.embedding import embed
from harmaug.evaluate.sources import GuardSource
from harmaug.pipeline.context import Context
from harmaug.pipeline.students import train_student
from harmaug.rows import ScoredPair
from harmaug.scoring import probability


def choose(
    context: Context, labelled: Sequence[ScoredPair], synthetic: Sequence[ScoredPair]
) -> list[ScoredPair]:
    """Return the synthetic rows that train beside D's (`labelled`)."""
    originals = [row for row in synthetic if not is_twin(row)]
    return select(synthetic, context.config.select, _ranking(context, labelled, originals))


def _ranking(
    context: Context, labelled: Sequence[ScoredPair], rows: Sequence[ScoredPair]
) -> Ranking | None:
    config = context.config.select
    if config.by == "confidence":
        return by_confidence(rows)
    if config.by == "disagreement":
        student = train_student(context, "plain", labelled).result.folder
        quantised = context.config.distill.quantise
        guard = GuardSource.of_student(student, quantised=quantised).load()
        scores = probability(guard.log_odds([(row.prompt, row.response) for row in rows]))
        return by_disagreement(rows, scores)
    if config.by == "novelty":
        prompts = {row.instruction: row.prompt for row in rows}
        data = list(dict.fromkeys(row.prompt for row in labelled))
        return by_novelty(
            list(prompts),
            embed(list(prompts.values()), config.encoder),
            embed(data, config.encoder),
        )
    return None
