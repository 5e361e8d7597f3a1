"""Where the student runs and in which precision, and one forward pass there."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from harmaug.distill.batches import micro_batches
from harmaug.distill.examples import Examples, Rows
from harmaug.distill.student import Student
from harmaug.distill.team import ALONE, Team

# What starting a pass costs, in tokens of compute: small passes are slower by this much.
OVERHEAD_TOKENS = {"cpu": 96, "cuda": 2_048}
# Activations of a pass should stay in a CPU's cache; a GPU wants one large pass.
CPU_PASS_TOKENS = 4_096


@dataclass(frozen=True)
class Compute:
    """A device and a precision: float32 weights, and bfloat16 arithmetic where it is fast."""

    device: torch.device
    bfloat16: bool

    @property
    def name(self) -> str:
        """Device and dtype as results quote them, for example "cpu bfloat16"."""
        return f"{self.device.type} {'bfloat16' if self.bfloat16 else 'float32'}"

    def autocast(self) -> AbstractContextManager[object]:
        """Run matrix products in bfloat16 inside; weights are cast once per context."""
        if not self.bfloat16:
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def passes(self, rows: Rows, examples: Examples, max_tokens: int) -> list[Rows]:
        """Cut rows into forward passes that suit the device."""
        if self.device.type == "cpu":
            max_tokens = min(max_tokens, CPU_PASS_TOKENS)
        return micro_batches(
            rows,
            examples.lengths,
            max_tokens=max_tokens,
            overhead=OVERHEAD_TOKENS.get(self.device.type, 0),
        )


def choose_compute(precision: Literal["auto", "float32", "bfloat16"]) -> Compute:
    """Take the GPU if there is one; `auto` takes bfloat16 where the hardware is fast at it.

    On a CPU that is AMX. AVX-512 has bfloat16 products too, which take 1.7 times as long as those
    in float32 (`benchmarks/precision.py`).
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if precision == "auto":
        return Compute(device, _has_bfloat16(device))
    return Compute(device, precision == "bfloat16")


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def logits_of(student: Student, examples: Examples, rows: Rows, device: torch.device) -> Tensor:
    """Return the logits of rows, shape (k, 2), on the device, padded to the longest of them."""
    lengths = examples.lengths[rows]
    longest = int(lengths.max())
    ids = np.full((len(rows), longest), student.pad_id, dtype=np.int64)
    types = np.zeros((len(rows), longest), dtype=np.int64)
    for place, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        start = examples.starts[row]
        ids[place, :length] = examples.tokens[start : start + length]
        types[place, :length] = examples.types[start : start + length]
    mask = np.arange(longest) < lengths[:, None]
    inputs = {"input_ids": ids, "attention_mask": mask.astype(np.int64)}
    if student.token_types:
        inputs["token_type_ids"] = types
    tensors = {name: torch.from_numpy(array).to(device) for name, array in inputs.items()}
    logits: Tensor = student.model(**tensors).logits
    return logits


@torch.no_grad()
def log_odds_of_rows(
    student: Student,
    examples: Examples,
    rows: Rows,
    compute: Compute,
    max_tokens: int,
    *,
    team: Team = ALONE,
) -> Tensor:
    """Score rows without training: log-odds in float32 on the CPU, in the order of `rows`."""
    student.model.eval()
    scores = torch.zeros(len(examples))
    own = compute.passes(team.share_of(rows), examples, max_tokens)
    with compute.autocast():
        for part, counts in team.passes(own, rows[:1]):
            logits = logits_of(student, examples, part, compute.device).float().cpu()
            if counts:
                scores[torch.from_numpy(part)] = logits[:, 1] - logits[:, 0]
    student.model.train()
    return team.add(scores)[torch.from_numpy(rows)]
