"""A checkpoint as an ExecuTorch program: one `.pte` file that runs on XNNPACK, on a phone."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harmaug.errors import ModelError, require
from harmaug.export.source import Source

if TYPE_CHECKING:
    from torch import Tensor

    from harmaug.export.onnx import Logits

NAME = "model.pte"
TOLERANCE = 1e-2
CHECKED_TOKENS = (2, 9, 33)


def write_pte(source: Source, out: Path) -> None:
    """Write `model.pte` with the guard's tokenizer and settings.

    Its method `forward` takes one row without padding: `input_ids`, int64, shape (1, tokens), and,
    where the model uses them, `token_type_ids` of the same shape; from 2 tokens to the guard's
    window. It returns the logits, float32, shape (1, labels). Float32 weights.

    Raises:
        ModelError: when there is no checkpoint, or it cannot be lowered, or ExecuTorch and torch
            differ by 1e-2 or more.
        MissingExtraError: without ExecuTorch.
    """
    if not source.is_checkpoint:
        raise ModelError(
            f"{source.name} is no checkpoint that torch loads, which executorch needs: give one "
            "such as a run's student/, or use --target int8 with ONNX Runtime on the phone"
        )
    require("executorch", "the executorch target", "torch", "transformers", "executorch")
    source.copy_texts(out)
    with _quiet():
        program, difference = _lower(source, out / NAME)
    if not difference < TOLERANCE:
        raise ModelError(
            f"{source.name}: ExecuTorch and torch logits differ by {difference:.2g}; "
            f"{program} cannot be exported faithfully"
        )


def _lower(source: Source, path: Path) -> tuple[str, float]:
    """Write the program; return the model's class and how far its logits are from torch's."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    from executorch.runtime import Runtime

    from harmaug.export.onnx import Logits, load_classifier, model_inputs

    model = load_classifier(source.folder)
    # One row without padding needs no mask.
    inputs = tuple(name for name in model_inputs(model) if name != "attention_mask")
    module = Logits(model, inputs).eval()
    window = source.settings().window
    tokens = torch.export.Dim("tokens", min=2, max=window)
    shapes = {"tensors": tuple({1: tokens} for _ in inputs)}
    try:
        with torch.no_grad():
            exported = torch.export.export(
                module, _row(module, min(17, window)), dynamic_shapes=shapes, strict=False
            )
        lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
        path.write_bytes(lowered.to_executorch().buffer)
    except Exception as error:  # each pass of the exporter raises errors of its own
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"{source.name}: ExecuTorch cannot lower it ({reason})") from None
    method = Runtime.get().load_program(path).load_method("forward")
    difference = 0.0
    for length in (*CHECKED_TOKENS, window):
        given = _row(module, min(length, window))
        with torch.no_grad():
            apart = (method.execute(list(given))[0] - module(*given)).abs().max()
        difference = max(difference, float(apart))
    return type(model).__name__, difference


def _row(module: Logits, tokens: int) -> tuple[Tensor, ...]:
    """Random ids, the second half of them of the second text."""
    import torch

    config = module.model.config
    generator = torch.Generator().manual_seed(tokens)
    # Ids from 5 on: padding, whose id is small, would be masked.
    ids = torch.randint(5, config.vocab_size, (1, tokens), generator=generator)
    types = torch.zeros_like(ids)
    types[:, tokens // 2 :] = 1
    return (ids, types)[: len(module.inputs)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what ExecuTorch's passes print and warn about."""
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.getLogger().setLevel(level)
