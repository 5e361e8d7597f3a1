"""Weights that are missing, broken off or of other shapes: one line, never a score."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from tests.models import classifier
from tests.teachers.guards import by_hand, guard_tokenizer, save_guard, token
from transformers import AutoTokenizer

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.teachers.load import load_teacher

CHAT = "{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}\n{% endfor %}"


def llama_guard(folder: Path) -> Path:
    tokenizer = guard_tokenizer(f"{CHAT}<end>", ["<end>"], ["safe", "unsafe"])
    return save_guard(folder, tokenizer, {"<end>": ["safe", "unsafe"]})


KINDS: dict[str, Callable[[Path], Path]] = {"llama-guard": llama_guard, "sequence": classifier}


def refused(family: str, folder: Path, *parts: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_teacher(TeacherConfig(family=family, model=str(folder)))
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    for part in parts:
        assert part in message


def without(folder: Path, part: str) -> None:
    """Save the weights again, less those whose names hold `part`."""
    path = folder / "model.safetensors"
    kept = {name: weight for name, weight in load_file(path).items() if part not in name}
    save_file(kept, path, {"format": "pt"})


@pytest.mark.parametrize("part", [".layers.1.", "lm_head", "model.norm"])
def test_a_causal_guard_that_lacks_weights_is_refused(part: str, tmp_path: Path) -> None:
    without(llama_guard(tmp_path), part)
    refused("llama-guard", tmp_path, "no weights for", part.strip("."), "fetch them again")


def test_a_head_that_is_tied_to_the_embedding_is_not_missing(tmp_path: Path) -> None:
    path = llama_guard(tmp_path) / "model.safetensors"
    weights = load_file(path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    embedding = weights["model.embed_tokens.weight"]
    for word, size in (("safe", 3.0), ("unsafe", 2.0)):  # so that they are the likeliest there
        embedding[token(tokenizer, word)] = size * embedding[token(tokenizer, "<end>")]
    save_file(weights, path, {"format": "pt"})
    without(tmp_path, "lm_head")
    settings = tmp_path / "config.json"
    tied = settings.read_text(encoding="utf-8").replace(
        '"tie_word_embeddings": false', '"tie_word_embeddings": true'
    )
    settings.write_text(tied, encoding="utf-8")
    scorer = load_teacher(TeacherConfig(family="llama-guard", model=str(tmp_path)))
    expected = by_hand(tmp_path, tokenizer, "[user] bread\n<end>", ["unsafe"], ["safe"])
    assert np.isfinite(expected)
    np.testing.assert_allclose(scorer.log_odds([("bread", None)]), [expected], atol=1e-4)


@pytest.mark.parametrize("family", KINDS)
def test_a_file_that_broke_off_is_one_line(family: str, tmp_path: Path) -> None:
    path = KINDS[family](tmp_path) / "model.safetensors"
    whole = path.read_bytes()
    for kept in (len(whole) // 2, 4, 0):
        path.write_bytes(whole[:kept])
        refused(family, tmp_path, "cannot load the")


@pytest.mark.parametrize("family", KINDS)
def test_weights_of_other_shapes_are_one_line(family: str, tmp_path: Path) -> None:
    path = KINDS[family](tmp_path) / "config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["intermediate_size"] += 32
    path.write_text(json.dumps(settings), encoding="utf-8")
    refused(family, tmp_path, "do not fit its config.json", str(settings["intermediate_size"]))
