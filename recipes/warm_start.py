"""Small BERTs cut out of MiniLM: some of its layers, its embeddings cut to the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from recipes.tokenizer import CHAT_MARKERS

TOKENIZER = Path("models/encoder/tokenizer.json")


def vocabulary(tokenizer: Path = TOKENIZER) -> list[str]:
    """The pieces of the frozen tokenizer, by id."""
    ids: dict[str, int] = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    return sorted(ids, key=ids.__getitem__)


def minilm_weights(minilm: Path, layers: Sequence[int]) -> dict[str, Tensor]:
    """State of a ``BertModel`` with the named layers of MiniLM, in order, and trimmed embeddings.

    The chat markers, which MiniLM does not know, start as the mean embedding: in the middle of
    the cloud, where the first steps of training move them apart.
    """
    whole = load_file(minilm / "model.safetensors")
    old = {
        piece: index
        for index, piece in enumerate((minilm / "vocab.txt").read_text("utf-8").split("\n"))
    }
    table = whole["embeddings.word_embeddings.weight"].float()
    mean = table.mean(0)
    rows = [mean if p in CHAT_MARKERS else table[old[p]] for p in vocabulary()]
    state = {"embeddings.word_embeddings.weight": torch.stack(rows)}
    for name, tensor in whole.items():
        if name.startswith("encoder.layer."):
            index, rest = name.removeprefix("encoder.layer.").split(".", 1)
            if int(index) in layers:
                place = list(layers).index(int(index))
                state[f"encoder.layer.{place}.{rest}"] = tensor.float()
        elif "word_embeddings" not in name and "position_ids" not in name:
            state[name] = tensor.float()
    return state


def float8(tensor: Tensor) -> Tensor:
    """Matrices as 8-bit floats (e4m3), vectors as bfloat16: a quarter of fp32 on disk."""
    return tensor.to(torch.float8_e4m3fn if tensor.dim() == 2 else torch.bfloat16).contiguous()


def save_weights(model: nn.Module, folder: Path, tied: Sequence[str] = ()) -> None:
    """Write ``model.safetensors``, matrices in 8 bits, without the names in ``tied``.

    ``transformers`` casts to the ``dtype`` of ``config.json`` as it loads, so that readers see
    an ordinary float32 model.
    """
    state = {k: float8(v) for k, v in model.state_dict().items() if k not in tied}
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
