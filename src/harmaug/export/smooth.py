"""How large each channel gets on its way into a product: what int8 has to hold.

A few channels of a BERT, most of them behind the GELUs of the first layers, are many times larger
than the rest. Activations share one scale, so the rest would be left with few of the 256 levels.
Dividing a channel before the product and multiplying its weights instead changes nothing in exact
arithmetic and evens the two out (Xiao et al., "SmoothQuant", ICML 2023).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PreTrainedModel

from harmaug.export.onnx import model_inputs
from harmaug.scoring import TextPair
from harmaug.sources.load import load_rows
from harmaug.text import PairEncoder

Array = NDArray[np.float32]

STRENGTH = 0.8
"""How much of an outlier moves into the weights; .8 had the least error of .3 to 1 on the
guard, before its outliers were kept apart (`OUTLIERS` in `int8_graph`); then .9 was no better."""

ROWS = 200
TOKENS = 256
"""Whole texts: 160 of at most 128 tokens left a fifth more error than 400 of at most 256."""
RANDOM_ROWS = 8
SMALLEST = 1e-5


@torch.no_grad()
def channel_peaks(model: PreTrainedModel, tokenizer: Path) -> dict[str, Array]:
    """Return the largest absolute value of each input channel of every dense layer.

    Keys are module names, arrays have shape (inputs,). The sample is harmful and harmless text of
    the quickstart's labelled data, and random tokens.

    Args:
        model: a sequence classifier.
        tokenizer: its `tokenizer.json`.
    """
    peaks: dict[str, Array] = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            module.register_forward_pre_hook(_recorder(name, peaks))
    tokens = min(TOKENS, model.config.max_position_embeddings)
    encode = PairEncoder(Tokenizer.from_file(str(tokenizer)), tokens)
    model.eval()
    inputs = model_inputs(model)
    for row in encode(_sample()):
        given = {"input_ids": row.ids, "token_type_ids": row.type_ids}
        model(**{name: torch.tensor([ids]) for name, ids in given.items() if name in inputs})
    # A vocabulary that reads the sample as unknown words is seen all the same.
    generator = torch.Generator().manual_seed(0)
    model(torch.randint(model.config.vocab_size, (RANDOM_ROWS, tokens), generator=generator))
    return peaks


def _recorder(name: str, peaks: dict[str, Array]) -> Callable[[nn.Module, tuple[Tensor]], None]:
    def record(module: nn.Module, inputs: tuple[Tensor]) -> None:
        peak = inputs[0].abs().flatten(0, -2).amax(dim=0).numpy()
        peaks[name] = np.maximum(peak, peaks[name]) if name in peaks else peak

    return record


def _sample() -> list[TextPair]:
    rows = [*load_rows("quickstart", "train"), *load_rows("quickstart-pairs", "train")]
    # The files alternate between harmful and harmless, so that a stride could see one kind alone.
    drawn = random.Random(0).sample(rows, min(ROWS, len(rows)))
    return [(row.prompt, row.response) for row in drawn]


def channel_scale(peak: Array, weights: Sequence[Array]) -> Array:
    """Return what to divide each channel by, shape (inputs,), geometric mean 1.

    Args:
        peak: the largest absolute value of each channel, shape (inputs,).
        weights: the weights that read the channels, shapes (outputs, inputs).
    """
    largest = np.max([np.abs(weight).max(axis=0) for weight in weights], axis=0)
    ratio = STRENGTH * np.log(np.maximum(peak, SMALLEST))
    ratio -= (1 - STRENGTH) * np.log(np.maximum(largest, SMALLEST))
    return np.asarray(np.exp(ratio - ratio.mean()), dtype=np.float32)
