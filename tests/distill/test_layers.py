from pathlib import Path

import pytest
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
    state = model.state_dict()
    for number in range(5):
        state[f"encoder.layer.{number}.output.dense.bias"].fill_(number)
    model.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("layers", "kept"), [(1, [0]), (2, [0, 4]), (3, [0, 2, 4])])
def test_layers_are_kept_evenly(deep: Path, tmp_path: Path, layers: int, kept: list[int]) -> None:
    model = load_student(str(deep), None, 1, layers).model
    state = model.base_model.state_dict()
    biases = [state[f"encoder.layer.{at}.output.dense.bias"][0].item() for at in range(layers)]
    assert biases == kept and model.config.num_hidden_layers == layers
    model.save_pretrained(tmp_path / "cut")
    again = BertModel.from_pretrained(tmp_path / "cut")
    assert len([name for name in again.state_dict() if name.endswith("query.bias")]) == layers


def test_more_layers_than_there_are_is_an_error(deep: Path) -> None:
    with pytest.raises(ModelError, match="has 5 layers"):
        load_student(str(deep), None, 1, 6)
