"""How far a training is: figures on its validation rows, and the weights that were best there."""

from __future__ import annotations

import math

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from harmaug.distill.checkpoint import Checkpoint
from harmaug.distill.compute import log_odds_of_rows
from harmaug.distill.loss import equation_1
from harmaug.distill.task import Task, Training, Validation
from harmaug.errors import ModelError


def validation_steps(steps: int, validations: int) -> set[int]:
    """The steps after which a training of `steps` steps is validated, evenly spread."""
    return {math.ceil(steps * k / validations) for k in range(1, validations + 1)}


def validate(task: Task, training: Training, checkpoint: Checkpoint | None) -> None:
    """Note loss and AUPRC on the validation rows, and keep the weights where they are the best.

    Raises:
        ModelError: when the loss there is no number any more.
    """
    auprc, loss = _figures(task, training.step) if len(task.validation) else (None, None)
    train_loss = training.loss_sum / training.loss_steps
    training.history.append(Validation(training.step, train_loss, auprc, loss))
    training.loss_sum, training.loss_steps = 0.0, 0
    if loss is None:
        return
    latest, best = len(training.history) - 1, training.best
    if best is None or _merit(training.history[latest]) > _merit(training.history[best]):
        training.best = latest
        weights = task.team.weights(task.student.model)
        if checkpoint is not None:
            checkpoint.save_best(training.step, weights)


def _figures(task: Task, step: int) -> tuple[float | None, float]:
    rows = task.validation
    log_odds = log_odds_of_rows(
        task.student,
        task.examples,
        rows,
        task.compute,
        task.config.micro_batch_tokens,
        team=task.team,
    )
    logits = torch.stack([torch.zeros_like(log_odds), log_odds], dim=1)
    losses = equation_1(
        logits,
        torch.from_numpy(task.examples.teacher[rows]),
        torch.from_numpy(task.examples.label[rows]),
        task.config.lam,
    )
    loss = float(losses.mean())
    check_finite(loss, step)
    label = task.examples.label[rows]
    both = len(np.unique(label)) == 2
    auprc = float(average_precision_score(label, log_odds.numpy())) if both else None
    return auprc, loss


def _merit(validation: Validation) -> tuple[float, float]:
    """AUPRC first; equal AUPRC is settled by the lower loss."""
    return validation.auprc or 0.0, -(validation.loss or 0.0)


def check_finite(loss: float, step: int) -> None:
    """Stop a training that diverged.

    Raises:
        ModelError: when `loss` is no number.
    """
    if not math.isfinite(loss):
        what = f"training diverged at step {step} (the loss is not finite)"
        raise ModelError(f"{what}: lower distill.learning_rate")
