"""Label: the teacher's score of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harmaug.config import TeacherConfig
from harmaug.rows import Pair, ScoredPair
from harmaug.scoring import Scorer, probability
from harmaug.teachers.load import load_teacher


@dataclass(frozen=True)
class LabelStage:
    """One teacher with one configuration; `journal` keeps what a server was paid for."""

    config: TeacherConfig
    journal: Path | None = None

    def setup(self) -> LabelWorker:
        """Load the teacher."""
        return LabelWorker(load_teacher(self.config, self.journal))


@dataclass(frozen=True)
class LabelWorker:
    """A teacher that is loaded."""

    teacher: Scorer

    def process(self, rows: Sequence[Pair]) -> list[ScoredPair]:
        """Score each pair. A pair whose response could not be written has nothing to score."""
        usable = [at for at, row in enumerate(rows) if row.error is None]
        log_odds = self.teacher.log_odds([(rows[at].prompt, rows[at].response) for at in usable])
        scores = probability(log_odds)
        known = {
            at: (float(score), float(odds))
            for at, score, odds in zip(usable, scores, log_odds, strict=True)
            if not np.isnan(odds)
        }
        return [_scored(row, known.get(at)) for at, row in enumerate(rows)]


def _scored(row: Pair, known: tuple[float, float] | None) -> ScoredPair:
    score, log_odds = known if known is not None else (None, None)
    return ScoredPair(
        id=row.id,
        prompt=row.prompt,
        response=row.response,
        kind=row.kind,
        label=row.label,
        category=row.category,
        source=row.source,
        score=score,
        log_odds=log_odds,
    )
