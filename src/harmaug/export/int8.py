"""An ONNX model with 8-bit weights: a quarter of the size, and faster on every CPU."""

from __future__ import annotations

from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic


def quantise(fp32: Path, out: Path) -> None:
    """Quantise the weights of an ONNX model to int8, per channel; activations as they come.

    Args:
        fp32: a float32 ONNX model.
        out: the file to write; it appears when whole.
    """
    partial = out.with_suffix(".partial")
    quantize_dynamic(fp32, partial, per_channel=True, weight_type=QuantType.QInt8)
    partial.replace(out)
