"""The mean of the weights of guards that were trained apart from one start.

Trainings from the same pretrained weights end in one basin; the mean of their weights forgets what
each learnt of its own rows only, and holds up better on sources that none has seen (Wortsman et
al., "Model soups", ICML 2022).

``python -m recipes.guard.average --models DIR DIR --weights 1 2 --out DIR``
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from harmaug.errors import ModelError
from harmaug.export.fused_bert import write_fused_bert
from harmaug.export.onnx import to_onnx

BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json", "harmaug.json")


def average(models: Sequence[Path], weights: Sequence[float], out: Path) -> None:
    """Write the weighted mean of checkpoints, with ONNX in float32 and int8, to a new folder."""
    states = [load_file(folder / "model.safetensors") for folder in models]
    shares = torch.tensor(weights) / sum(weights)
    mean = {
        name: torch.tensordot(shares, torch.stack([state[name] for state in states]), 1)
        for name in states[0]
    }
    out.mkdir(parents=True)
    save_file(mean, out / "model.safetensors", metadata={"format": "pt"})
    for name in BESIDE:
        shutil.copy(models[0] / name, out / name)
    to_onnx(out, out / "onnx" / "model.onnx")
    if not write_fused_bert(out, out / "onnx" / "model_quantized.onnx"):
        raise ModelError(f"{out} is no BERT: it has no int8 graph that is as fast")


def main() -> None:
    """Average the named models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", type=float, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    average(arguments.models, arguments.weights, arguments.out)


if __name__ == "__main__":
    main()
