"""Guards that are ONNX already: what belongs to them is exported, and nothing need be installed."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.export.hub import hub_of
from tests.models import classifier, word_tokenizer

from harmaug.errors import ModelError
from harmaug.export.choices import Precision, Target
from harmaug.export.targets import export
from harmaug.guard import Guard
from harmaug.scoring import TextPair

PAIRS: list[TextPair] = [
    ("how do i bake bread at home without an oven?", None),
    ("the quick brown fox", "jumps over the lazy dog while numbers pass"),
]


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float32 guard in one file; harm is index 0."""
    folder = tmp_path_factory.mktemp("source")
    classifier(folder / "bert", labels={0: "unsafe", 1: "safe"})
    export(str(folder / "bert"), folder / "guard")
    return folder / "guard"


@pytest.fixture
def large(exact: Path, tmp_path: Path) -> Path:
    """The same guard with its weights in a file beside the model, as those above 2 GB have."""
    folder = tmp_path / "large"
    shutil.copytree(exact, folder)
    onnx.save_model(
        onnx.load(folder / "onnx" / "model.onnx"),
        folder / "onnx" / "model.onnx",
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=100,
    )
    return folder


def scores(folder: Path) -> list[float]:
    return [float(score) for score in Guard.load(folder, threads=1).score(PAIRS)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "onnx").iterdir())


def test_weights_beside_the_model_go_with_it(large: Path, exact: Path, tmp_path: Path) -> None:
    export(str(large), tmp_path / "out")
    assert names(tmp_path / "out") == ["model.onnx", "model.onnx_data"]
    assert scores(tmp_path / "out") == scores(exact)
    small = export(str(large), tmp_path / "int8", Target.INT8)
    assert [str(path) for path in small.files if path.parent.name == "onnx"] == [
        "onnx/model_quantized.onnx"
    ]
    np.testing.assert_allclose(scores(tmp_path / "int8"), scores(exact), atol=0.3)


def test_weights_beside_a_model_on_the_hub_go_with_it(
    large: Path, exact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = hub_of(large, tmp_path / "got")
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    export("someone/guard", tmp_path / "out")
    assert scores(tmp_path / "out") == scores(exact)


def test_an_export_in_one_file_leaves_none_of_another_beside_it(
    large: Path, exact: Path, tmp_path: Path
) -> None:
    export(str(large), tmp_path / "out")
    export(str(exact), tmp_path / "out")
    assert names(tmp_path / "out") == ["model.onnx"]


def test_weights_of_another_name_are_missed_before_the_guard_is_kept(
    large: Path, tmp_path: Path
) -> None:
    (large / "onnx" / "model.onnx_data").unlink()
    with pytest.raises(ModelError, match=r"large: its export does not run \(onnx/model.onnx: "):
        export(str(large), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_browser_loads_one_file(large: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"weights in model.onnx_data, and a browser loads one"):
        export(str(large), tmp_path / "out", Target.WEB, Precision.FP32)


@pytest.mark.parametrize("absent", [["harmaug.json"], ["harmaug.json", "config.json"]])
def test_a_guard_with_few_texts_needs_no_torch(
    absent: list[str], exact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(exact, tmp_path / "bare")
    for name in absent:
        (tmp_path / "bare" / name).unlink()
    there: Callable[[str], object] = importlib.util.find_spec
    heavy = {"torch", "transformers", "onnx", "onnxscript"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in heavy else there(name)
    )
    export(str(tmp_path / "bare"), tmp_path / "out")
    bare, out = (Guard.load(tmp_path / name, threads=1) for name in ("bare", "out"))
    assert out.settings == bare.settings
    assert out.settings.harmful_index == (0 if "config.json" not in absent else 1)
    assert scores(tmp_path / "out") == scores(tmp_path / "bare")


def test_a_checkpoint_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    classifier(tmp_path / "bert")
    for path in (tmp_path / "bert").glob("tokenizer*"):
        path.unlink()
    with pytest.raises(ModelError, match=r"bert: its tokenizer tells no words apart"):
        export(str(tmp_path / "bert"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_tokenizer_of_a_word_list_is_converted(tmp_path: Path) -> None:
    classifier(tmp_path / "bert")
    for path in (tmp_path / "bert").glob("tokenizer*"):
        path.unlink()
    words = sorted(word_tokenizer().get_vocab().items(), key=lambda item: item[1])
    (tmp_path / "bert" / "vocab.txt").write_text("".join(f"{word}\n" for word, _ in words))
    export(str(tmp_path / "bert"), tmp_path / "out")
    assert len(set(scores(tmp_path / "out"))) == len(PAIRS)
