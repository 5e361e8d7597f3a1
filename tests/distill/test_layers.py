from pathlib import Path

import pytest
import torch
from tests.models import word_tokenizer
from transformers import BertConfig, BertModel

from harmaug.distill.student import load_student
from harmaug.errors import ModelError


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A backbone of five layers, each told from the others by its first bias."""
    tokenizer = word_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=5,
        num_attention_heads=2,
    )
    model = BertModel(config)
    for number, layer in enumerate(model.encoder.layer):
        torch.nn.init.constant_(layer.output.dense.bias, float(number))
    model.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("layers", "kept"), [(1, [0]), (2, [0, 4]), (3, [0, 2, 4])])
def test_layers_are_kept_evenly(deep: Path, tmp_path: Path, layers: int, kept: list[int]) -> None:
    model = load_student(str(deep), None, 1, layers).model
    biases = [float(layer.output.dense.bias[0]) for layer in model.base_model.encoder.layer]
    assert biases == kept and model.config.num_hidden_layers == layers
    model.save_pretrained(tmp_path / "cut")
    again = BertModel.from_pretrained(tmp_path / "cut")
    assert len(again.encoder.layer) == layers


def test_more_layers_than_there_are_is_an_error(deep: Path) -> None:
    with pytest.raises(ModelError, match="has 5 layers"):
        load_student(str(deep), None, 1, 6)
