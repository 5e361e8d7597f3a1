"""What guard, teachers and evaluation share: a thing that gives pairs their log-odds of harm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from harmaug.errors import ModelError

FloatArray = NDArray[np.float64]

TextPair = tuple[str, str | None]
"""A prompt and the response to judge; None judges the prompt alone."""

ScoreKind = Literal[
    "two-way softmax", "vocabulary probability", "sigmoid maximum", "parsed", "ensemble", "recorded"
]

_HARMFUL_NAMES = re.compile(
    r"harmful|unsafe|(severe_)?toxic(ity)?|hate|hateful|malicious|jailbreak|injection|offensive"
    r"|abusive|abuse|obscene|threat|insult|identity_(attack|hate)|sexual_explicit",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"label_\d+", re.IGNORECASE)


def harmful_classes(names: Mapping[int, str], model: str, *, sigmoid: bool) -> tuple[int, ...]:
    """Find the outputs of a classifier that mean harm, by their names.

    A model of two classes without names (the paper's released checkpoint) has harm at index 1;
    where each output is a yes or no of its own (`sigmoid`) and has no name, all are harms.

    Raises:
        ModelError: when no name means harm, or all of several classes do, listing the names.
    """
    found = tuple(index for index, name in names.items() if _HARMFUL_NAMES.fullmatch(name))
    unnamed = all(_NO_NAME.fullmatch(name) for name in names.values())
    if unnamed and sigmoid:
        found = tuple(names)
    elif unnamed and len(names) == 2:
        found = (1,)
    if not found or (not sigmoid and len(found) == len(names)):
        raise ModelError(
            f"{model}: its labels do not tell harm from harmless ({', '.join(names.values())}); "
            "rename the harmful one to 'harmful' in its config.json"
        )
    return found


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
