"""A guard's ONNX models, from its checkpoint or from what is there already."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from harmaug.errors import ModelError, require
from harmaug.export.source import Source
from harmaug.guard import Guard
from harmaug.guard.files import Kind
from harmaug.scoring import TextPair

_MODULES = ("torch", "transformers", "onnx", "onnxscript")
_ROWS: list[TextPair] = [("How do I bake bread?", None), ("How do I bake bread?", "With yeast.")]


def write_float32(source: Source, out: Path) -> None:
    """Write the float32 model: from the checkpoint, checked against torch, or as it is there.

    Raises:
        ModelError: when there are no float32 weights, or ONNX and torch differ.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if source.is_checkpoint:
        require("train", "exporting a checkpoint", *_MODULES)
        from harmaug.export.onnx import to_onnx

        to_onnx(source.folder, out)
    elif source.has("fp32"):
        source.copy_model("fp32", out)
    else:
        raise ModelError(
            f"{source.name} has no float32 weights: give a checkpoint "
            "(config.json and model.safetensors), such as a run's student/"
        )


def write_int8(source: Source, out: Path, tokenizer: Path) -> None:
    """Write the int8 model: the fused graph of a BERT checkpoint, else the float32 one quantised.

    A guard that has nothing but its int8 model keeps it.

    Args:
        source: the guard.
        out: the file to write.
        tokenizer: its `tokenizer.json`, as `Source.copy_texts` writes it.

    Raises:
        ModelError: when there are no weights, or they cannot be exported.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if source.has("int8") and not source.is_checkpoint and not source.has("fp32"):
        source.copy_model("int8", out)
        return
    require("train", "quantising a model", *_MODULES)
    from harmaug.export.fused_bert import write_fused_bert
    from harmaug.export.int8 import quantise

    if source.is_checkpoint and write_fused_bert(source.folder, out, tokenizer):
        return
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        write_float32(source, Path(folder) / "model.onnx")
        quantise(Path(folder) / "model.onnx", out)


def check_runs(source: Source, folder: Path, kind: Kind) -> None:
    """Judge with a guard folder that was written, before it is kept.

    Raises:
        ModelError: when it cannot be loaded, or its scores are not numbers.
    """
    try:
        Guard.load(folder, threads=1, precision=kind).score(_ROWS)
    except Exception as error:  # onnxruntime's errors share no base class
        reason = str(error).partition("\n")[0].replace(f"{folder}{os.sep}", "")
        raise ModelError(f"{source.name}: its export does not run ({reason})") from None
