"""A student that is spread over the processes that train it: FSDP, for students of billions.

Weights, gradients and the optimizer's state are cut into one shard a process; a layer's weights
are gathered when it is their turn (Zhao et al. 2023, arXiv 2304.11277; `fully_shard` of torch).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import cast

import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    OptimizerStateType,
    StateDictOptions,
    ValueType,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from harmaug.distill.checkpoint import State, Weights
from harmaug.distill.examples import Rows
from harmaug.distill.student import Student
from harmaug.distill.team import Team

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_FROM_FIRST = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)


class Shards(Team):
    """A team in which each process holds one shard of the student.

    A forward pass needs every process, so all make equally many.
    """

    @property
    def scale(self) -> float:
        """FSDP takes the mean over processes where the sum is wanted."""
        return float(self.size)

    def place(self, model: nn.Module, device: torch.device, bfloat16: bool) -> None:
        """Spread the model, each repeated layer a unit of its own."""
        mesh = init_device_mesh(device.type, (self.size,))
        policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16 if bfloat16 else None, reduce_dtype=torch.float32
        )
        for layer in _layers(model):
            fully_shard(layer, mesh=mesh, mp_policy=policy)
        fully_shard(model, mesh=mesh, mp_policy=policy)

    def passes(self, own: Sequence[Rows], spare: Rows) -> list[tuple[Rows, bool]]:
        """Add passes over `spare` that do not count until all have as many."""
        counts = torch.zeros(self.size, dtype=torch.int64)
        counts[self.rank] = len(own)
        most = int(self.add(counts).max())
        return [(part, True) for part in own] + [(spare, False)] * (most - len(own))

    def add_gradients(self, model: nn.Module) -> None:
        """Do nothing: the backward pass added them."""

    def weights(self, model: nn.Module) -> Weights:
        """Gather whole weights in the first process."""
        return cast("Weights", get_model_state_dict(model, options=_WHOLE))

    def optimizer_state(
        self, model: nn.Module, optimizer: torch.optim.Optimizer
    ) -> dict[str, object]:
        """Gather the optimizer's whole state in the first process."""
        gathered = get_optimizer_state_dict(model, optimizer, options=_WHOLE)
        return cast("dict[str, object]", gathered)

    def restore(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, state: State | None
    ) -> None:
        """Spread the state that the first process found."""
        self.load_weights(model, state["model"] if state else {})
        found = cast("OptimizerStateType", state["optimizer"] if state else {})
        set_optimizer_state_dict(model, optimizer, found, options=_FROM_FIRST)

    def load_weights(self, model: nn.Module, weights: Weights) -> None:
        """Spread whole weights from the first process."""
        set_model_state_dict(model, cast("dict[str, ValueType]", weights), options=_FROM_FIRST)

    def whole(self, student: Student) -> Student:
        """Gather the student into one model in the first process."""
        weights = self.weights(student.model)
        if self.rank > 0:
            return student
        model: PreTrainedModel = AutoModelForSequenceClassification.from_config(
            student.model.config, dtype=torch.float32
        )
        model.load_state_dict(weights)
        return dataclasses.replace(student, model=model)


def _layers(model: nn.Module) -> list[nn.Module]:
    """Return the repeated layers: the members of every list of modules of one class."""
    return [
        layer
        for module in model.modules()
        if isinstance(module, nn.ModuleList) and len({type(layer) for layer in module}) == 1
        for layer in module
    ]
