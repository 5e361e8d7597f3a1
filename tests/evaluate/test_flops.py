import json
from pathlib import Path

import pytest

from harmaug.evaluate.flops import arithmetic


def test_bert_is_counted_as_its_formula_says(tiny_classifier: Path) -> None:
    found = arithmetic(tiny_classifier)
    config = json.loads((tiny_classifier / "config.json").read_text())
    h, i, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    assert found is not None
    for n in (5, 40, 64):
        products = layers * (n * (2 * 4 * h * h + 2 * 2 * h * i) + 2 * 2 * n * n * h)
        head = 2 * h * h + 2 * h * 2
        assert found.flops(n) == pytest.approx(products + head, rel=1e-9)


def test_parameters_are_those_of_the_checkpoint(tiny_classifier: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    found = arithmetic(tiny_classifier)
    assert found is not None
    assert found.parameters == sum(weight.numel() for weight in model.parameters())


def test_a_causal_model_can_be_counted(tiny_chat: Path) -> None:
    found = arithmetic(tiny_chat)
    assert found is not None and found.flops(100) > 100 * found.flops(1) * 0.9


def test_what_describes_no_model_has_no_figure(tmp_path: Path) -> None:
    assert arithmetic(tmp_path) is None
    (tmp_path / "config.json").write_text('{"model_type": "unheard of"}')
    assert arithmetic(tmp_path) is None
