from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tests.models import word_tokenizer
from transformers import BertConfig, BertForSequenceClassification, PreTrainedModel

from harmaug.export.fused_bert import write_fused_bert


def _bert(folder: Path, activation: str = "gelu", types: int = 2) -> PreTrainedModel:
    torch.manual_seed(0)
    tokenizer = word_tokenizer()
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=max(300, len(tokenizer)),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=128,
        initializer_range=0.1,
        hidden_act=activation,
        type_vocab_size=types,
    )
    model: PreTrainedModel = BertForSequenceClassification(config).eval()
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("type_count", [1, 2, 3])
def test_the_int8_graph_follows_torch(type_count: int, tmp_path: Path) -> None:
    model = _bert(tmp_path, types=type_count)
    assert write_fused_bert(tmp_path, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    inputs = ["input_ids", "token_type_ids"][:type_count]
    assert [value.name for value in session.get_inputs()] == inputs
    generator = np.random.default_rng(0)
    expected, found = [], []
    for rows, tokens in ((1, 1), (1, 7), (3, 40), (1, 128)):
        ids = generator.integers(0, 300, (rows, tokens))
        second = (type_count - 1) * (np.arange(tokens) >= tokens // 2)
        types = second * np.ones((rows, 1), np.int64)
        with torch.no_grad():
            logits = model(torch.tensor(ids), token_type_ids=torch.tensor(types)).logits
        expected.append(logits.numpy())
        feed = {"input_ids": ids, "token_type_ids": types}
        found.append(session.run(["logits"], {name: feed[name] for name in inputs})[0])
    difference = np.abs(np.concatenate(expected) - np.concatenate(found))
    assert difference.max() < 0.1 * np.abs(np.concatenate(expected)).max()


def _differs(folder: Path, model: PreTrainedModel) -> float:
    """Save, quantise, and return the largest difference of logits as a share of the largest."""
    model.save_pretrained(folder)
    assert write_fused_bert(folder, folder / "model.onnx")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    ids = np.random.default_rng(0).integers(0, 300, (1, 60))
    with torch.no_grad():
        expected = model(torch.tensor(ids)).logits.numpy()
    feed = {"input_ids": ids, "token_type_ids": np.zeros_like(ids)}
    found = session.run(["logits"], feed)[0]
    return float(np.abs(expected - found).max() / np.abs(expected).max())


def test_an_outlier_channel_costs_the_others_nothing(tmp_path: Path) -> None:
    model = _bert(tmp_path)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("intermediate.dense.weight"):
                weight[5] *= 300
            elif name.endswith("intermediate.dense.bias"):
                weight[5] += 60
            elif name.endswith("output.dense.weight") and "attention" not in name:
                weight[:, 5] /= 300
    assert _differs(tmp_path, model) < 0.1


def test_outlier_channels_that_weigh_as_much_as_others_are_exact(tmp_path: Path) -> None:
    model = _bert(tmp_path)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("intermediate.dense.bias"):
                weight[5:7] += 5_000
            elif name.endswith("intermediate.dense.weight"):
                weight[6] = weight[5]
            elif name.endswith("output.dense.weight") and "attention" not in name:
                weight[:, 6] = -weight[:, 5]
    assert _differs(tmp_path, model) < 0.1


def test_other_models_are_left_to_the_tracer(tmp_path: Path) -> None:
    _bert(tmp_path, "relu")
    assert not write_fused_bert(tmp_path, tmp_path / "model.onnx")
    config = json.loads((tmp_path / "config.json").read_text())
    config.update(hidden_act="gelu", architectures=["RobertaForSequenceClassification"])
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert not write_fused_bert(tmp_path, tmp_path / "model.onnx")
