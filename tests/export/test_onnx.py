"""ONNX files: faithful in float32, close in int8, refused where they are neither."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from tests.models import classifier

from harmaug.errors import ModelError
from harmaug.export import onnx as onnx_module
from harmaug.export.int8 import quantise
from harmaug.export.onnx import to_onnx


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier(tmp_path_factory.mktemp("export") / "bert")


def log_odds(path: Path, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(path)
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": ids * 0}
    logits: NDArray[np.float32] = session.run(["logits"], feed)[0]
    return logits[:, 1] - logits[:, 0]


def test_int8_is_smaller_and_ranks_as_float32_does(folder: Path, tmp_path: Path) -> None:
    to_onnx(folder, tmp_path / "onnx" / "model.onnx")
    quantise(tmp_path / "onnx" / "model.onnx", tmp_path / "onnx" / "model_quantized.onnx")
    assert sorted(p.name for p in (tmp_path / "onnx").iterdir()) == [
        "model.onnx",
        "model_quantized.onnx",
    ]
    ids = np.random.default_rng(0).integers(5, 150, (200, 20))
    exact = log_odds(tmp_path / "onnx" / "model.onnx", ids)
    quick = log_odds(tmp_path / "onnx" / "model_quantized.onnx", ids)
    assert np.corrcoef(exact, quick)[0, 1] > 0.9
    sizes = [p.stat().st_size for p in sorted((tmp_path / "onnx").iterdir())]
    assert sizes[1] < sizes[0]


def test_a_model_that_onnx_gets_wrong_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_module, "TOLERANCE", 0.0)
    with pytest.raises(ModelError, match="ONNX and torch logits differ by"):
        to_onnx(folder, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_classifier(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a classifier that can be exported") as caught:
        to_onnx(tmp_path, tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
