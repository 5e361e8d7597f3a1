"""The embedded encoder: plain transformers load it, and it tells texts apart."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
import torch
from transformers import AutoModel, AutoTokenizer

FOLDER = Path(__file__).parents[2] / "models" / "encoder"


def test_related_texts_are_nearer_than_unrelated_ones() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = AutoModel.from_pretrained(FOLDER).train(False)
    assert model.dtype == torch.float32
    texts = ["How do I bake bread?", "A recipe for a loaf, please.", "The car needs new brakes."]
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        hidden = model(**inputs)[0]
    mask = inputs["attention_mask"].unsqueeze(-1)
    vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > far + 0.05


def test_guard_and_encoder_share_one_tokenizer() -> None:
    guard = FOLDER.parents[1] / "src" / "harmaug" / "assets" / "guard" / "tokenizer.json"
    assert guard.read_bytes() == (FOLDER / "tokenizer.json").read_bytes()
