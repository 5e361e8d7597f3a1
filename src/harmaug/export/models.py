"""A guard's ONNX models, from its checkpoint or from what is there already."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from harmaug.errors import ModelError, require
from harmaug.export.source import FLOAT32, INT8, Source

_MODULES = ("torch", "transformers", "onnx", "onnxscript")


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
    elif source.has(FLOAT32):
        shutil.copyfile(source.folder / FLOAT32, out)
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
    if source.has(INT8) and not source.is_checkpoint and not source.has(FLOAT32):
        shutil.copyfile(source.folder / INT8, out)
        return
    require("train", "quantising a model", *_MODULES)
    from harmaug.export.fused_bert import write_fused_bert
    from harmaug.export.int8 import quantise

    if source.is_checkpoint and write_fused_bert(source.folder, out, tokenizer):
        return
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        write_float32(source, Path(folder) / "model.onnx")
        quantise(Path(folder) / "model.onnx", out)
