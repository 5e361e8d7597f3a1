"""What work takes on a machine: memory, time and money.

Reading and training are bound by arithmetic. Writing is bound by the slowest of three: arithmetic,
reading weights and KV cache once a step, and starting each layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harmaug.plan.machines import Machine
from harmaug.plan.work import Work

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

TRAINING_BYTES = 16
"""Per parameter: weight, gradient and AdamW's two moments, all in float32."""


@dataclass(frozen=True)
class Stage:
    """A stage on a machine.

    `cache_bytes` is the KV cache, or in training what is kept for the backward pass. `usd` counts
    the machine's time alone.
    """

    stage: str
    model: str
    rows: int
    tokens_in: int
    tokens_out: int
    flops: float
    parameters: int
    weight_bytes: int
    cache_bytes: int
    seconds: float
    usd: float


def on(machine: Machine, work: Work, micro_batch_tokens: int) -> Stage:
    """Reckon what one stage takes on a machine."""
    parameters = work.model.arithmetic.parameters
    width = dtype_bytes(work.dtype, machine)
    if work.kind == "train":
        weights, cache = parameters * TRAINING_BYTES, _activations(work, micro_batch_tokens)
    else:
        weights, cache = parameters * width, _cache(work, width)
    seconds = _seconds(machine, work, weights, cache)
    return Stage(
        stage=work.stage,
        model=work.model.reference,
        rows=work.rows,
        tokens_in=round(work.tokens_in),
        tokens_out=round(work.tokens_out),
        flops=work.flops,
        parameters=parameters,
        weight_bytes=round(weights),
        cache_bytes=round(cache),
        seconds=seconds,
        usd=seconds / 3600 * machine.usd_per_hour,
    )


def dtype_bytes(dtype: str, machine: Machine) -> int:
    """Return the bytes of one weight; `auto` is bfloat16 on a GPU and float32 on a CPU."""
    return BYTES.get(dtype, 2 if machine.gpu else 4)


def _cache(work: Work, width: int) -> float:
    """A KV cache as long as a mean prompt and the longest answer; reading alone keeps none."""
    if work.kind != "write" or not work.rows:
        return 0.0
    context = work.tokens_in / work.rows + work.longest
    return work.batch * context * work.model.cache_values * width


def _activations(work: Work, micro_batch_tokens: int) -> float:
    """Bytes of 16-bit activations of one pass (Korthikanti et al. 2022, equation 1)."""
    model = work.model
    length = micro_batch_tokens / max(work.batch, 1)
    scores = 5 * model.heads * length / max(model.hidden, 1)
    return micro_batch_tokens * model.hidden * model.layers * (34 + scores)


def _seconds(machine: Machine, work: Work, weights: float, cache: float) -> float:
    share = machine.training if work.kind == "train" else machine.prefill
    if work.kind != "write" or not work.rows:
        return work.flops / (machine.peak_flops * share)
    prompt, written = work.tokens_in / work.rows, work.tokens_out / work.rows
    prefill = work.model.arithmetic.flops(prompt) * work.rows
    decode = max(work.flops - prefill, 0.0)
    # A batch in the process goes on until its longest row is written; a server fills the slot.
    length = written if work.served else work.longest
    steps = math.ceil(work.rows / work.batch) * max(length - 1, 0.0)
    layer = 0.0 if work.served else machine.layer_s
    step = max((weights + cache) / (machine.bandwidth * machine.decode), layer * work.model.layers)
    peak = machine.peak_flops * machine.prefill
    return prefill / peak + max(decode / peak, steps * step)
