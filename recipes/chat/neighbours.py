"""Sentences of one kind: neighbours in MiniLM's embedding space."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from harmaug.distill.compute import choose_compute
from recipes.encoder import TEACHER_LAYERS, bert, mean_pool
from recipes.warm_start import TOKENIZER

NEAREST = 28
MAX_TOKENS = 64


def trigrams(text: str) -> frozenset[tuple[str, ...]]:
    """Word trigrams of a lower-cased text, padded so that short texts have some too."""
    words = ["", *text.lower().split(), ""]
    return frozenset(tuple(words[i : i + 3]) for i in range(len(words) - 2))


def overlap(first: str, second: str) -> float:
    """Jaccard overlap of word trigrams, in [0, 1]."""
    a, b = trigrams(first), trigrams(second)
    return len(a & b) / len(a | b) if a | b else 1.0


@torch.no_grad()
def embed(texts: list[str], minilm: Path) -> Tensor:
    """Unit vectors (texts, 384) of MiniLM, mean-pooled."""
    model = bert(minilm, TEACHER_LAYERS).train(False)
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = torch.zeros(len(texts), model.config.hidden_size)
    compute = choose_compute("auto")
    for start in range(0, len(order), 128):
        rows = order[start : start + 128]
        encoded = tokenizer.encode_batch([texts[i] for i in rows])
        ids = torch.tensor([e.ids for e in encoded])
        mask = torch.tensor([e.attention_mask for e in encoded])
        with compute.autocast():
            hidden = model(ids, attention_mask=mask)[0]
        vectors[rows] = mean_pool(hidden.float(), mask)
    return torch.nn.functional.normalize(vectors, dim=-1)


def nearest(texts: list[str], minilm: Path) -> list[list[int]]:
    """For every text the indices of its ``NEAREST`` nearest others, nearest first."""
    vectors = embed(texts, minilm)
    found: list[list[int]] = []
    for block in torch.split(vectors, 1024):
        similar = block @ vectors.T
        found += similar.topk(min(NEAREST + 1, len(texts))).indices[:, 1:].tolist()
    return found
