"""A checkpoint as ONNX in float32, checked against torch before it is kept."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from harmaug.errors import ModelError
from harmaug.export.quiet import quiet_transformers

TOLERANCE = 1e-3
OPSET = 17
# (rows, tokens): one of each that a guard meets, and none that was traced.
CHECKED_SHAPES = ((1, 1), (1, 9), (2, 33), (5, 64), (2, 512))


class Logits(nn.Module):
    """The model with inputs in a fixed order and the logits as only output."""

    def __init__(self, model: PreTrainedModel, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.inputs = inputs

    def forward(self, *tensors: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.model(**dict(zip(self.inputs, tensors, strict=True))).logits
        return logits


def to_onnx(folder: Path, out: Path) -> None:
    """Export a sequence classifier to ONNX, float32.

    Inputs `input_ids`, `attention_mask` and, where the model uses them, `token_type_ids`, all
    int64 of shape (n, tokens); output `logits`, shape (n, labels). The file appears when whole.

    Args:
        folder: a Hugging Face checkpoint.
        out: the file to write; its folder is made.

    Raises:
        ModelError: the folder cannot be loaded, or ONNX and torch differ by 1e-3 or more.
    """
    model = load_classifier(folder)
    module = Logits(model, model_inputs(model)).eval()
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    _export(module, partial)
    difference = max(_differences(module, partial))
    if not difference < TOLERANCE:
        partial.unlink()
        raise ModelError(
            f"{folder}: ONNX and torch logits differ by {difference:.2g}; "
            f"{type(model).__name__} cannot be exported faithfully, use the checkpoint itself"
        )
    partial.replace(out)


def load_classifier(folder: Path) -> PreTrainedModel:
    """Load a sequence classifier in float32.

    Raises:
        ModelError: when the folder holds none, or weights of it are missing or not numbers.
    """
    model: PreTrainedModel
    try:
        with quiet_transformers():
            model, found = AutoModelForSequenceClassification.from_pretrained(
                folder, dtype=torch.float32, output_loading_info=True
            )
    except Exception as error:  # each format of weights raises errors of its own
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"{folder}: not a classifier that can be exported: {reason}") from None
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"{folder}: no classifier, its weights lack {missing[0]}: train it first (harmaug run)"
        )
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise ModelError(
                f"{folder}: {name} holds what is not a number (NaN or infinite): "
                "train the model again, or fetch it again"
            )
    return model


def model_inputs(model: PreTrainedModel) -> tuple[str, ...]:
    """Return the names of what a model reads: token types only where it tells them apart."""
    sizes = model.config.to_dict().get("type_vocab_size")
    accepted = inspect.signature(model.forward).parameters
    if "token_type_ids" in accepted and isinstance(sizes, int) and sizes > 1:
        return ("input_ids", "attention_mask", "token_type_ids")
    return ("input_ids", "attention_mask")


def _export(module: Logits, out: Path) -> None:
    """Trace the model: ten times faster than the graph exporter, and equal on these models."""
    axes = {name: {0: "batch", 1: "tokens"} for name in module.inputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            _sample(module, 2, 17),
            str(out),
            input_names=list(module.inputs),
            output_names=["logits"],
            dynamic_axes={**axes, "logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )


def _sample(module: Logits, rows: int, tokens: int) -> tuple[Tensor, ...]:
    """Random ids; every second row is padded from the middle on."""
    config = module.model.config
    generator = torch.Generator().manual_seed(rows * 1_000 + tokens)
    ids = torch.randint(0, config.vocab_size, (rows, tokens), generator=generator)
    mask = torch.ones_like(ids)
    pad = config.pad_token_id or 0
    ids[ids == pad] = (pad + 1) % config.vocab_size
    ids[1::2, tokens // 2 + 1 :] = pad
    mask[1::2, tokens // 2 + 1 :] = 0
    types = torch.zeros_like(ids)
    types[:, tokens // 3 :] = 1
    return (ids, mask, types)[: len(module.inputs)]


@torch.no_grad()
def _differences(module: Logits, path: Path) -> Iterator[float]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    limit = module.model.config.to_dict().get("max_position_embeddings") or max(CHECKED_SHAPES)[1]
    for rows, tokens in CHECKED_SHAPES:
        # RoBERTa's numbering skips the rows up to its padding index.
        inputs = _sample(module, rows, min(tokens, limit - 2))
        expected: NDArray[np.float32] = module(*inputs).numpy()
        feed = {name: x.numpy() for name, x in zip(module.inputs, inputs, strict=True)}
        found = session.run(["logits"], feed)[0]
        yield float(np.abs(expected - found).max())
