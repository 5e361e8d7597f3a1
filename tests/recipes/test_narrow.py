"""A guard cut narrower, and one taken back out of its int8 graph."""

from pathlib import Path

import pytest
import torch
from recipes.guard.narrow import layers_of, narrow
from recipes.guard.restore import restore
from tests.models import classifier
from torch import Tensor
from transformers import BertForSequenceClassification

from harmaug.export.fused_bert import write_fused_bert


def _rows(count: int) -> list[list[Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        [torch.randint(5, 300, (1, 40), generator=generator), torch.zeros(1, 40, dtype=torch.int64)]
        for _ in range(count)
    ]


def _logits(model: BertForSequenceClassification, rows: list[list[Tensor]]) -> Tensor:
    with torch.no_grad():
        return torch.cat([model(input_ids=ids, token_type_ids=types).logits for ids, types in rows])


def _load(folder: Path) -> BertForSequenceClassification:
    model: BertForSequenceClassification = BertForSequenceClassification.from_pretrained(folder)
    model.train(False)
    return model


def test_neurons_that_nobody_reads_are_the_ones_that_go(tmp_path: Path) -> None:
    model = _load(classifier(tmp_path))
    with torch.no_grad():
        for layer in layers_of(model):
            layer.output.dense.weight[:, ::2] = 0
        before = _logits(model, _rows(3))
        narrow(model, _rows(20), 32)
    assert model.config.intermediate_size == 32
    assert layers_of(model)[0].intermediate.dense.weight.shape == (32, 32)
    assert _logits(model, _rows(3)) == pytest.approx(before, abs=1e-3)


def test_what_reads_the_neurons_that_stay_makes_up_for_the_others(tmp_path: Path) -> None:
    whole, cut = (_load(classifier(tmp_path / name)) for name in ("whole", "cut"))
    rows = _rows(30)
    with torch.no_grad():
        narrow(cut, rows, 48)
        dropped = _load(tmp_path / "whole")
        for layer in layers_of(dropped):
            size = layer.output.dense.weight.norm(dim=0)
            layer.output.dense.weight[:, size.argsort()[:16]] = 0
    expected = _logits(whole, rows)
    fitted, plain = ((_logits(model, rows) - expected).norm() for model in (cut, dropped))
    assert fitted < 0.6 * plain


def test_an_int8_graph_gives_the_weights_back_to_half_a_step(tmp_path: Path) -> None:
    package = classifier(tmp_path / "package")
    (package / "onnx").mkdir()
    assert write_fused_bert(package, package / "onnx" / "model_quantized.onnx")
    restore(package, tmp_path / "restored")
    was = _load(package).state_dict()
    for name, weight in _load(tmp_path / "restored").state_dict().items():
        assert (weight - was[name]).abs().max() <= 0.02 * was[name].abs().max(), name
    rows = _rows(60)  # a norm over five swings between .04 and .15 with what rounding does to one
    expected, found = (_logits(_load(folder), rows) for folder in (package, tmp_path / "restored"))
    assert (found - expected).norm() < 0.1 * expected.norm()
