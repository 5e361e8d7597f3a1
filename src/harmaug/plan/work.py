"""What a stage of a run has to do, whatever machine does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harmaug.plan.models import Model

Kind = Literal["write", "read", "train"]


@dataclass(frozen=True)
class Work:
    """One stage. Tokens and FLOPs are of all rows; `longest` is the most one row writes.

    `batch` rows are done at once; a `served` model is a server's, which keeps its batch full.
    """

    stage: str
    model: Model
    kind: Kind
    rows: int
    tokens_in: float
    tokens_out: float
    flops: float
    batch: int
    dtype: str
    longest: float = 0.0
    served: bool = False


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0
