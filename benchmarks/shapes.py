"""The paper's student beside its teacher on this machine: real shapes, random weights.

    python -m benchmarks.shapes [--tokens 128] [--repeats 3] [--threads N] [--json FILE]

DeBERTa-v3-large and an 8B Llama Guard in bfloat16, one text of so many tokens; the guard reads its
template besides (`harmaug.plan` has its length). The embedded student and its teacher stand below,
both in float32 and in torch. Speed does not depend on the weights. The 8B model takes 16 GB.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
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
from harmaug.evaluate.flops import Head, count
from harmaug.plan.models import known_models

Figures = dict[str, float | str]
STUDENT, TEACHER = "microsoft/deberta-v3-large", "meta-llama/Llama-Guard-3-8B"


def build(config: PretrainedConfig, head: Head, dtype: torch.dtype) -> PreTrainedModel:
    """A model of this shape with random weights."""
    kinds = {"causal": AutoModelForCausalLM, "classifier": AutoModelForSequenceClassification}
    model: PreTrainedModel = kinds[head].from_config(config, dtype=dtype)
    model.eval()
    return model


def forward(model: PreTrainedModel, head: Head, tokens: int) -> Callable[[], object]:
    """One reading, as a guard needs it: of a causal model the head for the last token alone."""
    ids = torch.randint(5, 1000, (1, tokens))
    if head == "causal":
        return lambda: model(ids, use_cache=False, logits_to_keep=1)
    return lambda: model(ids)


@dataclass(frozen=True)
class Shape:
    """A model that is measured."""

    name: str
    config: PretrainedConfig
    head: Head
    dtype: torch.dtype


def measure(shape: Shape, tokens: int, repeats: int) -> Figures:
    """FLOPs by shape, milliseconds of a reading, memory of the weights."""
    config, head, dtype = shape.config, shape.head, shape.dtype
    model = build(config, head, dtype)
    read = forward(model, head, tokens)
    taken = []
    with torch.inference_mode():
        for _ in range(repeats + 1):
            started = time.perf_counter()
            read()
            taken.append(time.perf_counter() - started)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    figures: Figures = {
        "model": shape.name,
        "dtype": str(dtype).removeprefix("torch."),
        "tokens": tokens,
        "parameters_m": round(model.num_parameters() / 1e6, 1),
        "weights_gb": round(weights / 1e9, 2),
        "gflops": round(count(config, head).flops(tokens) / 1e9, 2),
        "milliseconds": round(1e3 * statistics.median(taken[1:]), 2),
    }
    del model, read
    gc.collect()
    return figures


def pairs(tokens: int, repeats: int) -> list[tuple[Figures, Figures]]:
    """Each student with its teacher."""
    student, teacher = known_models()[STUDENT], known_models()[TEACHER]
    read = tokens + teacher.template
    half, whole = torch.bfloat16, torch.float32
    small, large = (AutoConfig.from_pretrained(p) for p in (embedded_model("encoder"), GUARD))
    return [
        (
            measure(Shape("embedded student", small, "classifier", whole), tokens, 20 * repeats),
            measure(Shape("embedded guard", large, "classifier", whole), tokens, 20 * repeats),
        ),
        (
            measure(Shape(STUDENT, student.shape(), student.head, half), tokens, repeats),
            measure(Shape(TEACHER, teacher.shape(), teacher.head, half), read, repeats),
        ),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    found = pairs(arguments.tokens, arguments.repeats)
    for student, teacher in found:
        for figures in (student, teacher):
            print(", ".join(f"{key} {value}" for key, value in figures.items()))
        for key in ("gflops", "milliseconds", "weights_gb"):
            share = float(student[key]) / float(teacher[key])
            print(f"  {key}: the student has {100 * share:.2f}% of its teacher's")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{arguments.threads} threads, {peak:.1f} GB at the peak")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([list(pair) for pair in found], indent=2))


if __name__ == "__main__":
    main()
