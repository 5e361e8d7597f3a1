"""The guard that ships as a checkpoint again, for a training to go on from.

Only its int8 graph is kept; what a weight was is known to within half a step of its column, and
exactly for the channels that stayed float32.

``python -m recipes.guard.restore --out DIR``
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.torch import save_file

from recipes.guard.ship import PACKAGE

Constants = Mapping[str, NDArray[np.float32]]
PRODUCTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json")


def restore(package: Path, out: Path) -> None:
    """Write the weights of a package's fused int8 graph (`write_fused_bert`) to a new folder."""
    graph = onnx.load(str(package / "onnx" / "model_quantized.onnx")).graph
    held = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    layers = json.loads((package / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
    state = _rest(held)
    for index in range(layers):
        place = f"bert.encoder.layer.{index}."
        smooth = ""
        for part in PRODUCTS:
            # Products that read one value are smoothed as one, under the name of the first.
            smooth = place + part if f"{place}{part}.smooth" in held else smooth
            state[f"{place}{part}.weight"] = _weight(held, place + part, held[f"{smooth}.smooth"])
    out.mkdir(parents=True)
    tensors = {name: torch.from_numpy(np.array(array, order="C")) for name, array in state.items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    for name in BESIDE:
        shutil.copy(package / name, out / name)


def _rest(held: Constants) -> dict[str, NDArray[np.float32]]:
    """Embeddings, norms, pooler and head; those of the products are overwritten."""
    place = "bert.embeddings."
    words = f"{place}word_embeddings"
    state = {name: held[name] for name in held if name.endswith((".weight", ".bias"))}
    state |= {
        f"{words}.weight": held[f"{words}.weight"].astype(np.float32) * held[f"{words}.scale"],
        f"{place}position_embeddings.weight": held["positions"],
        f"{place}token_type_embeddings.weight": held["types"],
    }
    for dense in ("bert.pooler.dense", "classifier"):
        state[f"{dense}.weight"] = held[f"{dense}.weight"].T
    return state


def _weight(held: Constants, place: str, smooth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steps times scale by column, the smoothing undone, and what was kept in float32."""
    weight = (held[f"{place}.weight"].astype(np.float32) * held[f"{place}.scale"]).T * smooth
    if f"{place}.outliers" in held:
        weight[:, held[f"{place}.outliers"]] = held[f"{place}.exact"].T
    return np.asarray(weight)


def main() -> None:
    """Restore the packaged guard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, default=PACKAGE)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    restore(arguments.package, arguments.out)


if __name__ == "__main__":
    main()
