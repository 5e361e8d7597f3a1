"""Several processes that train one student together, as `torchrun` starts them.

Each takes every n-th row of a batch and the gradients are added up, so that `batch_size` is the
batch of all together and the number of processes changes nothing but rounding (and the draws of
dropout). Only the first process reads and writes files.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Generic, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from harmaug.distill.checkpoint import State, Weights
from harmaug.distill.examples import Rows
from harmaug.distill.student import Student

Content = TypeVar("Content")
Job = TypeVar("Job")

# The first process may write and label for days before it has something to train on.
PATIENCE = timedelta(days=30)


@dataclass(frozen=True)
class Team:
    """This process's place among those that train together; by default it is alone.

    Every process holds a whole student. Methods that add, share or restore are called by all.
    """

    rank: int = 0
    size: int = 1

    @property
    def scale(self) -> float:
        """What a loss is multiplied with so that its gradients add up over processes."""
        return 1.0

    def place(self, model: nn.Module, device: torch.device, bfloat16: bool) -> None:
        """Put the model where it trains."""
        nn.Module.to(model, device)

    def share_of(self, rows: Rows) -> Rows:
        """Return this process's share of rows."""
        return rows[self.rank :: self.size]

    def passes(self, own: Sequence[Rows], spare: Rows) -> list[tuple[Rows, bool]]:
        """Return the forward passes to make, each with whether it counts."""
        return [(part, True) for part in own]

    def add_gradients(self, model: nn.Module) -> None:
        """Replace every gradient by the sum over processes."""
        if self.size == 1:
            return
        waiting = []
        for parameter in model.parameters():
            if parameter.requires_grad:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                waiting.append(dist.all_reduce(parameter.grad, async_op=True))
        for work in waiting:
            if work is not None:
                work.wait()

    def add(self, values: Tensor) -> Tensor:
        """Replace values on the CPU by their sum over processes."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def from_first(self, content: Content) -> Content:
        """Return what the first process gave."""
        if self.size == 1:
            return content
        carrier = [content]
        dist.broadcast_object_list(carrier, src=0)
        return carrier[0]

    def weights(self, model: nn.Module) -> Weights:
        """Return whole weights, at least in the first process."""
        return model.state_dict()

    def optimizer_state(
        self, model: nn.Module, optimizer: torch.optim.Optimizer
    ) -> dict[str, object]:
        """Return the optimizer's whole state, at least in the first process."""
        return optimizer.state_dict()

    def restore(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, state: State | None
    ) -> None:
        """Go on from the state that the first process found."""
        found = self.from_first(state)
        if found is not None:
            model.load_state_dict(found["model"])
            optimizer.load_state_dict(found["optimizer"])

    def load_weights(self, model: nn.Module, weights: Weights) -> None:
        """Load whole weights; only the first process has them, and only its student is kept."""
        if self.rank == 0:
            model.load_state_dict(weights)

    def whole(self, student: Student) -> Student:
        """Return the trained student as one model, at least in the first process."""
        return student

    def part(self) -> None:
        """Leave when all are done, so that none ends while another still talks to it."""
        if self.size > 1:
            dist.barrier()
            dist.destroy_process_group()


ALONE = Team()


class Announcements(Generic[Job]):
    """How the first process tells the others what to train on, and that there is no more."""

    def __init__(self, team: Team) -> None:
        self._alone = team.size == 1
        self._group = None if self._alone else dist.new_group(backend="gloo", timeout=PATIENCE)

    def make(self, job: Job | None) -> None:
        """Tell the others of a job; None dismisses them."""
        if not self._alone:
            dist.broadcast_object_list([job], src=0, group=self._group)

    def hear(self) -> Job | None:
        """Wait for the next job, None when there is no more."""
        carrier: list[Job | None] = [None]
        dist.broadcast_object_list(carrier, src=0, group=self._group)
        return carrier[0]


@cache
def join() -> Team:
    """Return this process's team, met on the first call; alone where nothing was started so.

    `torchrun`, `accelerate launch` and their like say in the environment how many there are.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
    return Team(dist.get_rank(), size)
