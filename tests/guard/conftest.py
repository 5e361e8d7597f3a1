"""A tiny real guard in the layout that distillation writes: random weights, fp32 and int8."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import classifier

from harmaug.export.fused_bert import BertShape, write_fused_bert
from harmaug.export.onnx import to_onnx
from harmaug.guard import Guard, GuardSettings


@pytest.fixture(scope="session")
def guard_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tokenizer, both ONNX models and settings; its window is 64 tokens."""
    folder = classifier(tmp_path_factory.mktemp("guard") / "tiny")
    to_onnx(folder, folder / "onnx" / "model.onnx")
    shape = BertShape.of(folder)
    assert shape is not None
    write_fused_bert(folder, shape, folder / "onnx" / "model_quantized.onnx")
    GuardSettings(window=64, thresholds={"balanced": 0.5, "strict": 0.2}).save(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(guard_folder: Path) -> Guard:
    """The tiny guard, on two threads."""
    return Guard.load(guard_folder, threads=2)


@pytest.fixture(scope="session")
def embedded() -> Guard:
    """The guard that ships."""
    return Guard.load("embedded", threads=1)
