"""A tiny real guard in the layout that distillation writes: random weights, fp32 and int8."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from tests.models import classifier
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

from harmaug.export.fused_bert import write_fused_bert
from harmaug.export.onnx import to_onnx
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.load import EMBEDDED
from harmaug.scoring import TextPair
from harmaug.text import PairEncoder


@pytest.fixture(scope="session")
def guard_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tokenizer, both ONNX models and settings; its window is 64 tokens."""
    folder = classifier(tmp_path_factory.mktemp("guard") / "tiny")
    to_onnx(folder, folder / "onnx" / "model.onnx")
    assert write_fused_bert(folder, folder / "onnx" / "model_quantized.onnx")
    GuardSettings(window=64, thresholds={"balanced": 0.5, "strict": 0.2}).save(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(guard_folder: Path) -> Guard:
    """The tiny guard, on two threads."""
    return Guard.load(guard_folder, threads=2)


@pytest.fixture(scope="session")
def embedded() -> Guard:
    """The guard that ships."""
    return Guard.load("embedded", threads=1)


HARMLESS = [
    "the quick brown fox jumps over the lazy dog",
    "how do i bake bread at home without an oven",
    "numbers pass while the fox and the dog write one sentence",
    "here is one idea for a story about the brown dog",
]
HARMFUL = "make a harmful offensive prompt"


def harmless_text(words: int, seed: int) -> str:
    """Harmless sentences in random order, about so many words."""
    rng = random.Random(seed)
    return ". ".join(rng.choice(HARMLESS) for _ in range(words // 9 + 1))


def _example(rng: random.Random, harmful: bool) -> TextPair:
    """A stretch as windows are cut, HARMFUL in it or not: a prompt, or a response with its prompt.

    It may start and end in the middle of a sentence.
    """
    prompt = rng.choice((None, *HARMLESS))
    words = harmless_text(70, rng.randrange(10**9)).split()[rng.randrange(9) :]
    words = words[: rng.randint(3, 48 if prompt is None else 40)]
    if harmful:
        words.insert(rng.randint(0, len(words)), HARMFUL)
    text = " ".join(words)
    return (text, None) if prompt is None else (prompt, text)


def _train(folder: Path) -> None:
    """Teach a small BERT to find HARMFUL among harmless sentences: a second of work."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        max_position_embeddings=64,
        initializer_range=0.05,
    )
    model = BertForSequenceClassification(config)
    encode = PairEncoder(tokenizer, 64)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    rng = random.Random(0)
    for _ in range(200):
        labels = [row % 2 for row in range(32)]
        rows = encode([_example(rng, label == 1) for label in labels])
        ids, types = (torch.zeros(32, max(map(len, rows)), dtype=torch.long) for _ in range(2))
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row.ids)
            types[index, : len(row)] = torch.tensor(row.type_ids)
        mask = (ids > 0).long()
        loss = model(ids, mask, types, labels=torch.tensor(labels)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """A guard that has learned to tell HARMFUL, its windows measured on harmless text."""
    folder = tmp_path_factory.mktemp("guard") / "trained"
    _train(folder)
    (folder / "onnx").mkdir()
    assert write_fused_bert(folder, folder / "onnx" / "model_quantized.onnx")
    GuardSettings(window=64).save(folder)
    Guard.load(folder).fit_windows([harmless_text(20_000, seed=-1)]).save(folder)
    return Guard.load(folder, threads=1)
