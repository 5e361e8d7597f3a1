"""Every family of student: train, load with plain transformers, and agree with its ONNX."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tests.distill.students import FAMILIES, backbone, scored_rows, tiny_distillation
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from harmaug.distill import DistillResult, distill
from harmaug.guard.settings import GuardSettings
from harmaug.text import encode


@pytest.mark.parametrize("family", FAMILIES)
def test_a_student_learns_loads_and_exports(family: str, tmp_path: Path) -> None:
    config = tiny_distillation(backbone(tmp_path / "backbone", family), epochs=8)
    result = distill(scored_rows(160), config, seed=1, tau=0.5, out=tmp_path / "student")

    assert result.auprc is not None and result.auprc > 0.75
    assert result.history[-1].train_loss < result.history[0].train_loss
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backbone", "student"]
    assert DistillResult.load(result.folder) == result
    assert GuardSettings.load(result.folder).window == 32
    written = json.loads((result.folder / "config.json").read_text())
    assert written["id2label"] == {"0": "harmless", "1": "harmful"}
    card = (result.folder / "README.md").read_text()
    assert "| labelled | 40 |" in card and "| student | backbone |" in card
    assert str(tmp_path) not in card and "base_model" not in card and "$" not in card

    model = AutoModelForSequenceClassification.from_pretrained(result.folder).eval()
    pairs = [("steal a bomb", None), ("bread", "a garden story and some more music"), ("a", "b")]
    tokenizer = Tokenizer.from_file(str(result.folder / "tokenizer.json"))
    encoded = encode(tokenizer, pairs, 32)
    wrapped = AutoTokenizer.from_pretrained(result.folder)
    width = max(map(len, encoded))
    batch: dict[str, list[list[int]]] = {
        "input_ids": [],
        "attention_mask": [],
        "token_type_ids": [],
    }
    for row in encoded:
        pad = width - len(row)
        batch["input_ids"].append([*row.ids, *[wrapped.pad_token_id] * pad])
        batch["attention_mask"].append([1] * len(row) + [0] * pad)
        batch["token_type_ids"].append([*row.type_ids, *[0] * pad])
    session = onnxruntime.InferenceSession(result.folder / "onnx" / "model.onnx")
    names = [node.name for node in session.get_inputs()]
    assert ("token_type_ids" in names) == (family == "bert")
    feed = {name: np.array(batch[name], dtype=np.int64) for name in names}
    found = session.run(["logits"], feed)[0]
    with torch.no_grad():
        expected = model(**{name: torch.from_numpy(array) for name, array in feed.items()}).logits
        for index, row in enumerate(encoded):
            alone = {"input_ids": row.ids, "attention_mask": [1] * len(row)}
            if "token_type_ids" in names:
                alone["token_type_ids"] = row.type_ids
            single = model(**{name: torch.tensor([ids]) for name, ids in alone.items()}).logits[0]
            assert torch.allclose(single, expected[index], atol=1e-5)
    assert np.abs(found - expected.numpy()).max() < 1e-4


def test_position_limits() -> None:
    from harmaug.distill.student import position_limit

    limits = {name: position_limit(make(400)) for name, make in FAMILIES.items()}
    assert limits == {
        "bert": 64,
        "roberta": 64,
        "deberta-v2": None,
        "deberta-v3": None,
        "modernbert": 64,
        "qwen2": 64,
    }
