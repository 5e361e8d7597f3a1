"""FLOPs and parameters of a transformer, counted on its shapes without its weights."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    PretrainedConfig,
)

LENGTHS = (12, 24, 48)

Head = Literal["causal", "classifier"]

UNIFORM = frozenset({"bert", "deberta-v2", "gemma", "llama", "mistral", "phi3", "qwen2", "roberta"})
"""Model types whose layers are all alike, so that two depths give every depth."""


@dataclass(frozen=True)
class Arithmetic:
    """Parameters, and the coefficients (a, b, c) of FLOPs(n) = a n^2 + b n + c over n tokens.

    `shared` is the part of c that a forward pass spends once for all the rows of its batch:
    DeBERTa's projections of its relative positions.
    """

    parameters: int
    coefficients: tuple[float, float, float]
    shared: float = 0.0

    def flops(self, tokens: float) -> float:
        """Return the forward FLOPs of one sequence of `tokens` tokens."""
        return float(np.polyval(self.coefficients, tokens))


def arithmetic(folder: Path) -> Arithmetic | None:
    """Count the model that a checkpoint's `config.json` describes; None where it describes none."""
    try:
        named = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config: PretrainedConfig = AutoConfig.from_pretrained(folder)
        return count(config, head_of(str(named["architectures"][0])))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    except (RuntimeError, NotImplementedError):  # an architecture that looks at its values
        return None


def head_of(architecture: str) -> Head:
    """Say what a class name of `transformers` puts on its backbone."""
    causal = architecture.endswith(("ForCausalLM", "LMHeadModel"))
    return "causal" if causal else "classifier"


def count(config: PretrainedConfig, head: Head) -> Arithmetic:
    """Count a model on the meta device, with eager attention, in one row of each of three lengths.

    Of a mixture of experts those are counted that a token is sent to.

    Matrix products are all that is counted. Of one sequence they are a quadratic in its length
    (attention scores, projections, the head on one position), so that three lengths give all.
    Layers that are all alike are counted at depths 1 and 2.

    Raises:
        RuntimeError: an architecture that looks at its values, which the meta device has none of.
        ValueError: an architecture that has no such head.
    """
    depth = int(config.to_dict().get("num_hidden_layers") or 0)
    if config.model_type not in UNIFORM or depth <= 2:
        return _count(config, head)
    one, two = (_count(_at_depth(config, layers), head) for layers in (1, 2))
    more = depth - 1
    pairs = zip(one.coefficients, two.coefficients, strict=True)
    a, b, c = (low + more * (high - low) for low, high in pairs)
    return Arithmetic(
        parameters=one.parameters + more * (two.parameters - one.parameters),
        coefficients=(a, b, c),
        shared=one.shared + more * (two.shared - one.shared),
    )


def _at_depth(config: PretrainedConfig, layers: int) -> PretrainedConfig:
    settings = config.to_dict()
    settings["num_hidden_layers"] = layers
    if settings.get("layer_types"):
        settings["layer_types"] = settings["layer_types"][:layers]
    shallow: PretrainedConfig = type(config).from_dict(settings)
    return shallow


def _count(config: PretrainedConfig, head: Head) -> Arithmetic:
    loader = AutoModelForCausalLM if head == "causal" else AutoModelForSequenceClassification
    with torch.device("meta"):
        model: nn.Module = loader.from_config(  # type: ignore[no-untyped-call]
            config, attn_implementation="eager", experts_implementation="batched_mm"
        )
    model.train(False)
    counts = [_pass(model, 1, length) for length in LENGTHS]
    a, b, c = np.polyfit(LENGTHS, counts, 2)
    shared = 2 * counts[0] - _pass(model, 2, LENGTHS[0])
    parameters = sum(weight.numel() for weight in model.parameters())
    return Arithmetic(parameters, (float(a), float(b), float(c)), float(shared))


def _pass(model: nn.Module, rows: int, length: int) -> int:
    """Count one forward pass; a language model's head is asked for the last position alone.

    Some models look into a mask where there is one, others look for padding where there is none,
    and the meta device has nothing to look at: whichever way goes through is the way.
    """
    ids = torch.ones((rows, length), dtype=torch.int64, device="meta")
    inputs: dict[str, torch.Tensor | int] = {"input_ids": ids}
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        inputs["logits_to_keep"] = 1
    try:
        return _flops(model, inputs)
    except RuntimeError:
        return _flops(model, {**inputs, "attention_mask": torch.ones_like(ids)})


@torch.no_grad()
def _flops(model: nn.Module, inputs: Mapping[str, torch.Tensor | int]) -> int:
    counter = FlopCounterMode(display=False)
    with counter:
        model(**inputs)
    return int(counter.get_total_flops())
