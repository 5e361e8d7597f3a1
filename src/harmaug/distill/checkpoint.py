"""What a training that was killed needs to go on: written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor

from harmaug.config import DistillConfig
from harmaug.distill.student import Student
from harmaug.rows import ScoredPair
from harmaug.runs.parts import disk_error

Weights = dict[str, Tensor]


class State(TypedDict):
    """Everything that changes while training; `training` is JSON."""

    model: Weights
    optimizer: dict[str, object]
    training: str


class _Saved(TypedDict):
    fingerprint: str
    state: State


def fingerprint(
    rows: Sequence[ScoredPair], config: DistillConfig, student: Student, *, seed: int, tau: float
) -> str:
    """Name a training by all that decides its weights, the student's first weights included."""
    settings = json.dumps(config.identity(), sort_keys=True)
    digest = hashlib.sha256(f"{settings} {seed} {tau}".encode())
    for row in rows:
        digest.update(repr(astuple(row)).encode())
    for name, tensor in student.model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


class Checkpoint:
    """The folder `checkpoint/`: the state of the training, and the best weights so far.

    Files appear by renaming, the best weights before the state that names them. A state that
    belongs to another training is no state, as is one that a machine which went down left unwhole.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self.fingerprint = fingerprint

    def save(self, state: State) -> None:
        """Replace the state."""
        saved: _Saved = {"fingerprint": self.fingerprint, "state": state}
        _replace(self.folder / "state.pt", saved)

    def load(self) -> State | None:
        """Return the state to go on from, None where there is none."""
        path = self.folder / "state.pt"
        if not path.is_file():
            return None
        try:
            saved: _Saved = torch.load(path, weights_only=True, map_location="cpu")
        except (EOFError, RuntimeError, pickle.UnpicklingError):  # empty, cut short, no such file
            return None
        return saved["state"] if saved["fingerprint"] == self.fingerprint else None

    def save_best(self, step: int, weights: Weights) -> None:
        """Keep weights as the best so far; call it before `save` names their step."""
        _replace(self._best(step), {name: tensor.cpu() for name, tensor in weights.items()})

    def load_best(self, step: int) -> Weights:
        """Return the weights kept at a step."""
        weights: Weights = torch.load(self._best(step), weights_only=True, map_location="cpu")
        return weights

    def keep_only(self, step: int) -> None:
        """Remove best weights of other steps; call it after `save`."""
        for path in self.folder.glob("best-*.pt"):
            if path != self._best(step):
                path.unlink()

    def _best(self, step: int) -> Path:
        return self.folder / f"best-{step}.pt"


def _replace(path: Path, content: object) -> None:
    """Write a file beside its place, sync it and rename it.

    Raises:
        RunFolderError: when the disk is full or cannot be written, saying what to do.
    """
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        # Over what the disk said torch puts an error of its own, about its file's positions.
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError):
            raise
        partial.unlink(missing_ok=True)
        raise disk_error(path, cause) from None
