"""What one training is: the part that stays, the part that changes, what was seen on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from harmaug.config import DistillConfig
from harmaug.distill.batches import Schedule
from harmaug.distill.compute import Compute
from harmaug.distill.examples import Examples, Rows
from harmaug.distill.student import Student
from harmaug.distill.team import ALONE, Team


@dataclass(frozen=True)
class Validation:
    """What was seen after `step` steps.

    `train_loss` is the mean since the last validation; `auprc` is None where the validation rows
    have one class, and both validation figures are None where there are no such rows.
    """

    step: int
    train_loss: float
    auprc: float | None
    loss: float | None


@dataclass
class Training:
    """The part of a training that changes. `best` indexes `history`."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    loss_steps: int = 0
    history: list[Validation] = field(default_factory=list)
    best: int | None = None


@dataclass(frozen=True)
class Task:
    """The part of a training that does not change."""

    student: Student
    examples: Examples
    validation: Rows
    weights: Tensor
    schedule: Schedule
    config: DistillConfig
    compute: Compute
    team: Team = ALONE
