"""Which of the labelled synthetic rows train, chosen after they were made.

Instructions are taken in the order they were drawn, or the best by one of three measures, each
computed on the instruction's rows or its prompt alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harmaug.augment.twins import SUFFIX
from harmaug.config import SelectConfig
from harmaug.embedding import Embeddings
from harmaug.rows import ScoredPair
from harmaug.scoring import FloatArray

Ranking = Sequence[str]
"""Instructions without their twins, the first to be taken first."""


def select(
    rows: Sequence[ScoredPair], config: SelectConfig, ranking: Ranking | None = None
) -> list[ScoredPair]:
    """Return the rows of the first `instructions` of a ranking, of the kinds asked for.

    Rows stay in their order; no ranking is the order drawn. A twin stays with its original.
    """
    names = list(dict.fromkeys(map(_original_of, rows))) if ranking is None else ranking
    chosen = set(names[: config.instructions])
    return [row for row in rows if row.kind in config.kinds and _original_of(row) in chosen]


def _original_of(row: ScoredPair) -> str:
    """Return the instruction that a row belongs to, of a twin's row the twin's original."""
    return row.instruction.removesuffix(SUFFIX)


def by_confidence(rows: Sequence[ScoredPair]) -> Ranking:
    """Rank instructions by how far the teacher's scores of their rows are from one half."""
    return _ranked((row.instruction, abs(row.score - 0.5)) for row in rows if row.score is not None)


def by_disagreement(rows: Sequence[ScoredPair], student: FloatArray) -> Ranking:
    """Rank instructions by how far a student's p(unsafe) is from the teacher's; student (n,)."""
    return _ranked(
        (row.instruction, abs(row.score - float(score)))
        for row, score in zip(rows, student, strict=True)
        if row.score is not None
    )


def by_novelty(names: Sequence[str], prompts: Embeddings, data: Embeddings) -> Ranking:
    """Rank instructions farthest first: from D's prompts and those that were ranked before.

    Args:
        names: of the instructions.
        prompts: their embeddings, shape (n, width).
        data: the embeddings of D's prompts.
    """
    nearest = (prompts @ data.T).max(axis=1) if len(data) else np.full(len(prompts), -1.0)
    ranking = []
    for _ in names:
        at = int(np.argmin(nearest))
        ranking.append(names[at])
        nearest = np.maximum(nearest, prompts @ prompts[at])
        nearest[at] = np.inf
    return ranking


def _ranked(measured: Iterable[tuple[str, float]]) -> Ranking:
    """Rank instructions by the mean of their rows' values, the highest first, ties as drawn."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for name, value in measured:
        values[name].append(value)
    means: Mapping[str, float] = {name: float(np.mean(found)) for name, found in values.items()}
    return sorted(means, key=lambda name: -means[name])
