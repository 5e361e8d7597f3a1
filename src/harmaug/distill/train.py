"""The training loop: exact gradients over any cut of a batch, seeded by step, resumable."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import asdict

import torch
from torch import Tensor

from harmaug.distill.checkpoint import Checkpoint, State
from harmaug.distill.compute import logits_of
from harmaug.distill.cpu import fast_on_cpu
from harmaug.distill.examples import Rows
from harmaug.distill.loss import equation_1
from harmaug.distill.optimise import adamw, rate
from harmaug.distill.task import Task, Training, Validation
from harmaug.distill.validate import check_finite, validate, validation_steps
from harmaug.progress import Progress


def train(task: Task, checkpoint: Checkpoint | None, progress: Progress) -> Training:
    """Train the student in place; it ends with its best weights by validation AUPRC.

    Without validation rows the last weights stay. A checkpoint of the same training is taken up
    where it stands, and leads to the same weights as if it had not been interrupted. The first
    process of a team has the checkpoint, the others None.

    Raises:
        ModelError: when the loss is no number any more.
    """
    model = task.student.model
    task.team.place(model, task.compute.device, task.compute.bfloat16)
    optimizer = adamw(model, task.config)
    training = _resume(task, optimizer, checkpoint)
    whole_on_cpu = task.compute.device.type == "cpu" and task.config.sharding is None
    with fast_on_cpu(model) if whole_on_cpu else nullcontext():
        _loop(task, optimizer, training, checkpoint, progress)
    if training.best is not None:
        best = training.history[training.best].step
        task.team.load_weights(model, {} if checkpoint is None else checkpoint.load_best(best))
    return training


def _loop(
    task: Task,
    optimizer: torch.optim.Optimizer,
    training: Training,
    checkpoint: Checkpoint | None,
    progress: Progress,
) -> None:
    validate_at = validation_steps(task.schedule.steps, task.config.validations)
    saved = started = time.monotonic()
    task.student.model.train()
    progress.begin("distil", task.schedule.steps)
    progress.advance(training.step)
    while training.step < task.schedule.steps:
        loss = _step(task, optimizer, training)
        if training.step in validate_at:
            validate(task, training, checkpoint)
        now = time.monotonic()
        training.seconds, started = training.seconds + now - started, now
        progress.advance(1, _note(loss, training))
        due = now - saved > 60 * task.config.checkpoint_minutes
        if training.step in validate_at or task.team.from_first(due):
            _save(task, optimizer, training, checkpoint)
            saved = now
    progress.end(_note(training.history[-1].train_loss, training))


def gradient(task: Task, rows: Rows) -> float:
    """Add the gradient of the mean loss of a batch to the parameters; return that loss.

    Each pass is divided by the rows of the whole batch, so that the sum over passes (and over the
    processes of a team) is the gradient of one pass over all, however the batch is cut and however
    short it is.
    """
    total = torch.zeros(1, dtype=torch.float64)
    share = task.team.share_of(rows)
    own = task.compute.passes(share, task.examples, task.config.micro_batch_tokens)
    with task.compute.autocast():
        for part, counts in task.team.passes(own, rows[:1]):
            logits = logits_of(task.student, task.examples, part, task.compute.device)
            loss = _losses(task, logits, part).sum() / len(rows) * counts
            (loss * task.team.scale).backward()
            total += float(loss.detach())
    task.team.add_gradients(task.student.model)
    return float(task.team.add(total))


def _losses(task: Task, logits: Tensor, rows: Rows) -> Tensor:
    device = logits.device
    teacher = torch.from_numpy(task.examples.teacher[rows]).to(device)
    label = torch.from_numpy(task.examples.label[rows]).to(device)
    weights = task.weights[torch.from_numpy(rows)].to(device)
    return weights * equation_1(logits, teacher, label, task.config.lam)


def _step(task: Task, optimizer: torch.optim.Optimizer, training: Training) -> float:
    rows = task.schedule.batch(training.step)
    # Dropout is seeded by step, so that a resumed training draws what it would have drawn.
    torch.manual_seed(task.schedule.seed * 1_000_003 + training.step + (task.team.rank << 40))
    loss = gradient(task, rows)
    check_finite(loss, training.step + 1)
    torch.nn.utils.clip_grad_norm_(task.student.model.parameters(), task.config.max_grad_norm)
    for group in optimizer.param_groups:
        group["lr"] = task.config.learning_rate * rate(
            training.step, task.config.warmup_steps, task.schedule.steps
        )
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    training.step += 1
    training.tokens += int(task.examples.lengths[rows].sum())
    training.loss_sum += loss
    training.loss_steps += 1
    return loss


def _save(
    task: Task,
    optimizer: torch.optim.Optimizer,
    training: Training,
    checkpoint: Checkpoint | None,
) -> None:
    model = task.student.model
    state: State = {
        "model": task.team.weights(model),
        "optimizer": task.team.optimizer_state(model, optimizer),
        "training": json.dumps(asdict(training)),
    }
    if checkpoint is None:
        return
    checkpoint.save(state)
    if training.best is not None:
        checkpoint.keep_only(training.history[training.best].step)


def _resume(
    task: Task, optimizer: torch.optim.Optimizer, checkpoint: Checkpoint | None
) -> Training:
    state = None if checkpoint is None else checkpoint.load()
    told = task.team.from_first(None if state is None else state["training"])
    if told is None:
        return Training()
    task.team.restore(task.student.model, optimizer, state)
    saved = json.loads(told)
    saved["history"] = [Validation(**entry) for entry in saved["history"]]
    return Training(**saved)


def _note(loss: float, training: Training) -> str:
    speed = training.tokens / training.seconds if training.seconds else 0.0
    return f"loss {loss:.3f}, {speed / 1000:.1f}k tokens/s"
