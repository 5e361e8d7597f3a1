"""The paper's students beside its teacher on this machine: real shapes, random weights.

    python -m benchmarks.shapes [--tokens 128] [--threads N] [--only NAME ...] [--json FILE]

DeBERTa-v3 in its four sizes and an 8B Llama Guard, in bfloat16, on texts of so many tokens; the
guard reads its template besides (`harmaug.plan` has its length). The embedded student and its
teacher stand below, in float32 and in torch. Each is measured in a process of its own, alone and
in batches. Speed does not depend on the weights. The 8B model takes 17 GB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
)

from harmaug.embedded import GUARD, embedded_model
from harmaug.evaluate.energy import Measurement, packages
from harmaug.evaluate.flops import Head, count
from harmaug.evaluate.profile import peak_memory
from harmaug.plan.models import known_models

SIZES = ("large", "base", "small", "xsmall")
TEACHER = "meta-llama/Llama-Guard-3-8B"
BATCHES = (1, 4, 16)
REPEATS, PATIENCE_S = 5, 60.0


@dataclass(frozen=True)
class Shape:
    """A model to measure: its configuration, and the tokens of template that it reads besides."""

    name: str
    config: PretrainedConfig
    head: Head
    dtype: torch.dtype
    template: int = 0


@dataclass(frozen=True)
class Figures:
    """What one example takes; `batch` is the batch size of the best rate."""

    model: str
    dtype: str
    parameters: int
    weight_bytes: int
    peak_bytes: int
    flops: float
    flops_per_content_token: float
    alone_s: float
    alone_us_per_content_token: float
    batch: int
    batched_s: float
    batched_us_per_content_token: float
    joules: float | None


def shapes() -> list[Shape]:
    """The students, the teacher, and the embedded pair."""
    known = known_models()
    teacher, half, whole = known[TEACHER], torch.bfloat16, torch.float32
    found = []
    for size in SIZES:
        model = known[f"microsoft/deberta-v3-{size}"]
        found.append(Shape(f"DeBERTa-v3-{size}", model.shape(), model.head, half))
    llama = Shape("Llama-Guard-3-8B", teacher.shape(), teacher.head, half, teacher.template)
    small, large = (AutoConfig.from_pretrained(p) for p in (embedded_model("encoder"), GUARD))
    embedded = [
        Shape("embedded encoder, 3 layers", small, "classifier", whole),
        Shape("embedded guard, 6 layers", large, "classifier", whole),
    ]
    return [*found, llama, *embedded]


def build(shape: Shape) -> PreTrainedModel:
    """A model of this shape with random weights."""
    kinds = {"causal": AutoModelForCausalLM, "classifier": AutoModelForSequenceClassification}
    model: PreTrainedModel = kinds[shape.head].from_config(shape.config, dtype=shape.dtype)
    model.eval()
    return model


def reading(model: PreTrainedModel, head: Head, batch: int, tokens: int) -> Callable[[], object]:
    """One forward pass, as a guard needs it: of a causal model the head for the last token."""
    ids = torch.randint(5, 1000, (batch, tokens))
    if head == "causal":
        return lambda: model(ids, use_cache=False, logits_to_keep=1)
    return lambda: model(ids)


def seconds(read: Callable[[], object]) -> float:
    """The median of a few readings after one that warms up, fewer where they are slow."""
    taken: list[float] = []
    while len(taken) < REPEATS + 1 and sum(taken) < PATIENCE_S:
        started = time.perf_counter()
        read()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:] or taken)


def measure(name: str, tokens: int, threads: int) -> Figures:
    """Count one shape and time it."""
    torch.set_num_threads(threads)
    shape = next(one for one in shapes() if one.name == name)
    model, length = build(shape), tokens + shape.template
    with torch.inference_mode():
        each: dict[int, float] = {}
        for batch in BATCHES:
            each[batch] = seconds(reading(model, shape.head, batch, length)) / batch
            if each[batch] * batch * BATCHES[1] > PATIENCE_S:
                break
        best = min(each, key=lambda batch: each[batch])
        read = reading(model, shape.head, best, length)
        measurement = Measurement(packages())
        read()
        counted = measurement.end()
    flops = count(shape.config, shape.head).flops(length)
    return Figures(
        model=name,
        dtype=str(shape.dtype).removeprefix("torch."),
        parameters=model.num_parameters(),
        weight_bytes=sum(p.numel() * p.element_size() for p in model.parameters()),
        peak_bytes=peak_memory(),
        flops=flops,
        flops_per_content_token=flops / tokens,
        alone_s=each[1],
        alone_us_per_content_token=1e6 * each[1] / tokens,
        batch=best,
        batched_s=each[best],
        batched_us_per_content_token=1e6 * each[best] / tokens,
        joules=None if counted is None else counted.joules / best,
    )


def row(one: Figures) -> str:
    """A model's line of the printed table."""
    energy = "no meter" if one.joules is None else f"{one.joules:.3g} J"
    return (
        f"{one.model:28} {one.dtype:9} {one.parameters / 1e6:8.1f} M  "
        f"weights {one.weight_bytes / 1e9:6.2f} GB  peak {one.peak_bytes / 1e9:6.2f} GB  "
        f"{one.flops / 1e9:8.2f} GFLOPs, {one.flops_per_content_token / 1e6:8.1f} M a token  "
        f"alone {1e3 * one.alone_s:9.1f} ms, {one.alone_us_per_content_token:8.1f} us a token  "
        f"{one.batch:2} at once {1e3 * one.batched_s:9.1f} ms, "
        f"{one.batched_us_per_content_token:8.1f} us a token  {energy}"
    )


def main() -> None:
    """Measure each in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", nargs="+", help="names, or beginnings of them")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    names = [shape.name for shape in shapes()]
    if arguments.only:
        names = [name for name in names if name.startswith(tuple(arguments.only))]
    found = []
    for name in names:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            found.append(alone.submit(measure, name, arguments.tokens, arguments.threads).result())
        print(row(found[-1]), flush=True)
    print(f"{arguments.tokens} content tokens, {arguments.threads} threads")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(one) for one in found], indent=2))


if __name__ == "__main__":
    main()
