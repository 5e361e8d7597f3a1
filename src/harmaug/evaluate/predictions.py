"""What a guard says of a benchmark, kept whole: any metric at any threshold can be asked later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harmaug.rows import LabelledRow, Prediction
from harmaug.scoring import FloatArray, Scorer, probability


@dataclass(frozen=True)
class Predictions:
    """Labels in {0, 1} and p(unsafe) of n answered rows, each shape (n,); `missing` had none."""

    labels: NDArray[np.int64]
    scores: FloatArray
    ids: tuple[str, ...]
    missing: int

    @classmethod
    def of(cls, rows: Sequence[Prediction]) -> Predictions:
        """Gather stored rows; unanswered ones are left out and counted."""
        answered = [row for row in rows if row.score is not None]
        return cls(
            labels=np.asarray([row.label for row in answered], dtype=np.int64),
            scores=np.asarray([row.score for row in answered], dtype=np.float64),
            ids=tuple(row.id for row in answered),
            missing=len(rows) - len(answered),
        )


def predict(scorer: Scorer, rows: Sequence[LabelledRow]) -> list[Prediction]:
    """Score labelled rows; rows without a label are left out."""
    labelled = [(row, row.label) for row in rows if row.label is not None]
    log_odds = scorer.log_odds([(row.prompt, row.response) for row, _ in labelled])
    scores = probability(log_odds)
    return [
        Prediction(
            id=row.id,
            label=label,
            score=None if np.isnan(score) else float(score),
            log_odds=None if np.isnan(odds) else float(odds),
        )
        for (row, label), score, odds in zip(labelled, scores, log_odds, strict=True)
    ]
