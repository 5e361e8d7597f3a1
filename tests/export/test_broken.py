"""Checkpoints that cannot become a guard: refused in one line, and nothing is written."""

from __future__ import annotations

import json
from math import inf, nan
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.models import classifier

from harmaug.errors import ModelError
from harmaug.export.choices import Target
from harmaug.export.drop import Drop
from harmaug.export.targets import export
from harmaug.guard import GuardSettings

TARGETS = [Target.INT8, Target.ONNX]
WORDS = "bert.embeddings.word_embeddings.weight"
DENSE = "bert.encoder.layer.1.output.dense.weight"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return classifier(tmp_path / "bert")


def put(checkpoint: Path, name: str, value: float) -> None:
    """Set one weight, of the last token where it is a token's."""
    weights = load_file(checkpoint / "model.safetensors")
    weights[name][-1, 0] = value
    save_file(weights, checkpoint / "model.safetensors", metadata={"format": "pt"})


def refusal(checkpoint: Path, target: Target) -> str:
    out = checkpoint.parent / "out"
    with pytest.raises(ModelError) as caught:
        export(str(checkpoint), out, target)
    assert not out.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "value"), [(WORDS, nan), (DENSE, nan), (DENSE, -inf)])
def test_a_weight_that_is_no_number(
    name: str, value: float, target: Target, checkpoint: Path
) -> None:
    put(checkpoint, name, value)
    assert f"{name} holds what is not a number" in refusal(checkpoint, target)


def test_weights_whose_products_are_no_numbers(checkpoint: Path) -> None:
    put(checkpoint, DENSE, 3e38)
    put(checkpoint, "bert.encoder.layer.1.intermediate.dense.weight", 3e38)
    message = refusal(checkpoint, Target.INT8)
    assert message.startswith(f"{checkpoint}: its export does not run (onnx/model_quantized.onnx: ")
    assert "not numbers" in message


@pytest.mark.parametrize("target", TARGETS)
def test_weights_that_end_too_early(target: Target, checkpoint: Path) -> None:
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "not a classifier that can be exported" in refusal(checkpoint, target)


@pytest.mark.parametrize("target", TARGETS)
def test_an_encoder_without_a_classifier(target: Target, checkpoint: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    without = {name: value for name, value in weights.items() if "classifier" not in name}
    save_file(without, checkpoint / "model.safetensors", metadata={"format": "pt"})
    assert "its weights lack classifier.bias: train it first" in refusal(checkpoint, target)


def test_an_auprc_that_is_no_number_did_not_hold() -> None:
    assert Drop(float32=0.9, int8=0.89, rows=10).is_within(0.02)
    assert not Drop(float32=0.9, int8=0.8, rows=10).is_within(0.02)
    assert not Drop(float32=0.9, int8=nan, rows=10).is_within(0.02)


def test_half_precision_is_exported_in_full(checkpoint: Path, tmp_path: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    half = {name: value.to(torch.bfloat16) for name, value in weights.items()}
    save_file(half, checkpoint / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}))
    export(str(checkpoint), tmp_path / "out", Target.INT8)
    exact = {name: value.float() for name, value in half.items()}
    save_file(exact, checkpoint / "model.safetensors", metadata={"format": "pt"})
    export(str(checkpoint), tmp_path / "exact", Target.INT8)
    files = [tmp_path / name / "onnx" / "model_quantized.onnx" for name in ("out", "exact")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("settings", [True, False])
@pytest.mark.parametrize("content", ["{", "[1]", '{"id2label": {"a": "harmless", "b": "harmful"}}'])
def test_a_configuration_that_cannot_be_read(
    content: str, settings: bool, target: Target, checkpoint: Path
) -> None:
    path = checkpoint / "config.json"
    if "id2label" in content:
        content = json.dumps({**json.loads(path.read_text()), **json.loads(content)})
    path.write_text(content)
    if settings:
        GuardSettings(window=64).save(checkpoint)
    assert refusal(checkpoint, target).startswith(f"{checkpoint}")


@pytest.mark.parametrize("target", TARGETS)
def test_a_configuration_that_leaves_out_the_defaults(
    target: Target, checkpoint: Path, tmp_path: Path
) -> None:
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    for name in ("layer_norm_eps", "type_vocab_size"):
        del config[name]
    path.write_text(json.dumps({**config, "id2label": None}))
    exported = export(str(checkpoint), tmp_path / "out", target)
    assert any(file.suffix == ".onnx" for file in exported.files)
