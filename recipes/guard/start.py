"""Where the guard starts: all six layers of MiniLM, its embeddings cut to the frozen tokenizer."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

from recipes.minilm import minilm_folder
from recipes.warm_start import TOKENIZER, minilm_weights, vocabulary

LAYERS = 6


def write_start(cache: Path) -> Path:
    """Write the starting point as a checkpoint that `distill` loads; return its folder."""
    minilm = minilm_folder(cache)
    folder = cache / "guard-start"
    config = BertConfig.from_pretrained(minilm)
    config.vocab_size = len(vocabulary())
    config.num_hidden_layers = LAYERS
    config.architectures = ["BertModel"]
    config.dtype = torch.float32
    model = BertModel(config)
    model.load_state_dict(minilm_weights(minilm, range(LAYERS)), strict=True)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER.parent / name, folder / name)
    return folder
