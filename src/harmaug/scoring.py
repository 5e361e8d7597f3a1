"""What guard, teachers and evaluation share: a thing that gives pairs their log-odds of harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TextPair = tuple[str, str | None]
"""A prompt and the response to judge; None judges the prompt alone."""

ScoreKind = Literal[
    "two-way softmax", "vocabulary probability", "sigmoid maximum", "parsed", "ensemble", "recorded"
]


@dataclass(frozen=True)
class ScorerInfo:
    """What a score needs beside it to be compared later.

    `revision` is a content hash or hub commit, `template` the hash of the prompt template ("" for
    encoders), `runtime` names engine and dtype, for example "onnxruntime int8".
    """

    name: str
    revision: str
    score_kind: ScoreKind
    template: str
    runtime: str
    parameters: int | None = None


class Scorer(Protocol):
    """Scores prompts and prompt-response pairs."""

    @property
    def info(self) -> ScorerInfo:
        """What this scorer is."""
        ...

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return log(p(unsafe) / p(safe)) for each pair, shape (n,), natural log.

        NaN marks an answer that could not be read: a missing value, never "unsafe".
        """
        ...


def probability(log_odds: FloatArray) -> FloatArray:
    """Turn log-odds into p(unsafe) in [0, 1], shape kept, NaN kept."""
    clipped = np.clip(log_odds, -700.0, 700.0)
    return np.asarray(1.0 / (1.0 + np.exp(-clipped)), dtype=np.float64)


def log_odds_of(probability: FloatArray) -> FloatArray:
    """Turn probabilities into finite log-odds (clipped at 1e-12 from 0 and 1), NaN kept."""
    clipped = np.clip(probability, 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)
