"""FLOPs and parameters of a transformer, counted on its shapes without its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Arithmetic:
    """Parameters, and the coefficients (a, b, c) of FLOPs(n) = a n^2 + b n + c over n tokens."""

    parameters: int
    coefficients: tuple[float, float, float]

    def flops(self, tokens: int) -> float:
        """Return the forward FLOPs of one sequence of `tokens` tokens."""
        return float(np.polyval(self.coefficients, tokens))


def arithmetic(folder: Path) -> Arithmetic | None:
    """Count the model that a checkpoint's `config.json` describes; None where it describes none.

    Matrix products are all that is counted. Of one sequence they are a quadratic in its length
    (attention scores, projections, the head on one position), so that three lengths give all.
    """
    model = _on_meta(folder)
    if model is None:
        return None
    try:
        counts = [_count(model, length) for length in LENGTHS]
    except (RuntimeError, NotImplementedError):  # an architecture that looks at its values
        return None
    a, b, c = np.polyfit(LENGTHS, counts, 2)
    parameters = sum(weight.numel() for weight in model.parameters())
    return Arithmetic(parameters, (float(a), float(b), float(c)))


def _on_meta(folder: Path) -> nn.Module | None:
    try:
        named = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config: PretrainedConfig = AutoConfig.from_pretrained(folder)
        causal = str(named["architectures"][0]).endswith("ForCausalLM")
        loader = AutoModelForCausalLM if causal else AutoModelForSequenceClassification
        with torch.device("meta"):
            model: nn.Module = loader.from_config(  # type: ignore[no-untyped-call]
                config, attn_implementation="eager"
            )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    return model.train(False)


@torch.no_grad()
def _count(model: nn.Module, length: int) -> int:
    counter = FlopCounterMode(display=False)
    ids = torch.ones((1, length), dtype=torch.int64, device="meta")
    with counter:
        model(input_ids=ids)
    return int(counter.get_total_flops())
