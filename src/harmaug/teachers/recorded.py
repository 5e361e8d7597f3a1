"""Scores that a teacher gave earlier, read from a data file: nothing is computed again.

The file holds rows with `prompt`, `response` and one of `score` (as `harmaug score` writes it) or
`soft_label` (the reference code's p(unsafe) of the teacher).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harmaug.config import TeacherConfig
from harmaug.errors import DataError
from harmaug.runs.fingerprint import model_fingerprint
from harmaug.scoring import FloatArray, Scorer, ScorerInfo, TextPair, log_odds_of
from harmaug.sources.files import as_row, records

SCORE_KEYS = ("score", "soft_label")


class RecordedTeacher:
    """Looks up p(unsafe) by prompt and response; what the file does not hold is missing."""

    def __init__(self, path: Path) -> None:
        self._scores = read_scores(path)
        self.info = ScorerInfo(
            name=path.name,
            revision=model_fingerprint(str(path), None),
            score_kind="recorded",
            template="",
            runtime="file",
        )

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the recorded log-odds, shape (n,), NaN where the file has no score."""
        found = [self._scores.get((prompt, response or None)) for prompt, response in pairs]
        return log_odds_of(np.array([np.nan if s is None else s for s in found], dtype=np.float64))


def read_scores(path: Path) -> dict[TextPair, float]:
    """Read p(unsafe) of every row that has one.

    Raises:
        DataError: when a score is no probability, or no row has one.
    """
    scores: dict[TextPair, float] = {}
    for line, record in records(path):
        value = next((record[key] for key in SCORE_KEYS if record.get(key) is not None), None)
        if value is None:
            continue
        where = f"{path}:{line}"
        try:
            score = float(str(value))
        except ValueError:
            score = -1.0
        if not 0 <= score <= 1:
            raise DataError(f"{where}: score {value!r}; use a probability from 0 to 1")
        row = as_row({**record, "label": None, "unsafe-score": None}, where, path.name, line)
        scores[row.prompt, row.response or None] = score
    if not scores:
        raise DataError(f"{path} has no scores: its rows need 'score' or 'soft_label'")
    return scores


def load(config: TeacherConfig, journal: Path | None) -> Scorer:
    """Read the file; no server is asked."""
    return RecordedTeacher(Path(config.model))
