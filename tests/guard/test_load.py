from __future__ import annotations

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from harmaug.errors import ModelError
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.load import Precision
from harmaug.guard.settings import Calibration


def copied(folder: Path, tmp_path: Path, *without: str) -> Path:
    copy = tmp_path / "guard"
    shutil.copytree(folder, copy)
    for name in without:
        (copy / name).unlink()
    return copy


def refused(ref: str | Path, says: str, **options: str) -> None:
    with pytest.raises(ModelError, match=says) as raised:
        Guard.load(ref, **options)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_int8_is_preferred_and_fp32_can_be_asked_for(guard_folder: Path, tmp_path: Path) -> None:
    assert Guard.load(guard_folder).info.runtime.endswith("int8")
    folder = copied(guard_folder, tmp_path, "onnx/model_quantized.onnx")
    assert Guard.load(folder).info.runtime.endswith("fp32")
    refused(folder, "precision='fp32'", precision="int8")


def test_a_torch_checkpoint_names_the_command_that_converts_it(
    guard_folder: Path, tmp_path: Path
) -> None:
    folder = copied(guard_folder, tmp_path, "onnx/model_quantized.onnx", "onnx/model.onnx")
    refused(folder, "harmaug export")


def test_what_is_no_guard_says_so(guard_folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(empty, "is not a guard")
    refused(tmp_path / "nowhere" / "at" / "all", "neither 'embedded', a folder nor a hub id")
    folder = copied(guard_folder, tmp_path, "tokenizer.json")
    refused(folder, "tokenizer.json is missing")
    (folder / "tokenizer.json").write_text("{}")
    refused(folder, "not a tokenizer")


def test_a_corrupt_model_says_so(guard_folder: Path, tmp_path: Path) -> None:
    folder = copied(guard_folder, tmp_path)
    model = folder / "onnx" / "model_quantized.onnx"
    model.write_bytes(model.read_bytes()[:1000])
    refused(folder, "not a model that runs")
    model.write_bytes(b"")
    refused(folder, "not a model that runs")


def test_a_model_with_other_inputs_says_so(guard_folder: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    folder = copied(guard_folder, tmp_path)
    value = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["pixels"], ["logits"])], "g", [value], [out]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "onnx" / "model_quantized.onnx"))
    refused(folder, "are not those of a guard")


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_a_saved_guard_is_the_same_guard(
    guard_folder: Path, tmp_path: Path, precision: Precision
) -> None:
    point = Calibration(0.3, 0.8, (0.7, 0.9), 0.01, (0.0, 0.05), 50, 100)
    guard = Guard.load(guard_folder, precision=precision, normalise=False)
    guard.with_calibration("mine", point).save(str(tmp_path / "a" / "b"))
    saved = Guard.load(tmp_path / "a" / "b")
    assert saved.settings == guard.with_calibration("mine", point).settings
    assert (saved.threshold, saved.info.revision) == (0.3, guard.info.revision)
    text = "ｄｏｇ"
    assert saved.score([text])[0] == guard.score([text])[0]
    assert saved.score([text])[0] != Guard.load(guard_folder, normalise=True).score([text])[0]
    saved.with_threshold(0.9).save(tmp_path / "a" / "b")
    assert Guard.load(tmp_path / "a" / "b").threshold == 0.9


def test_the_guard_that_ships_can_be_saved(embedded: Guard, tmp_path: Path) -> None:
    embedded.operating_point("strict").save(tmp_path)
    saved = Guard.load(tmp_path)
    assert saved.settings == embedded.operating_point("strict").settings
    assert saved.check("how do i bake bread").score == embedded.check("how do i bake bread").score


def test_where_nothing_can_be_saved_says_so(guard_folder: Path, tmp_path: Path) -> None:
    guard = Guard.load(guard_folder, precision="fp32")
    folder = copied(guard_folder, tmp_path, "onnx/model.onnx")
    (tmp_path / "file").write_text("")
    places: list[tuple[Guard | GuardSettings, Path | str, str]] = [
        (guard, folder, "holds another model"),
        (guard, tmp_path / "file", "cannot save"),
        (guard.settings, str(tmp_path / "none"), "Guard.save"),
    ]
    for what, place, says in places:
        with pytest.raises(ModelError, match=says) as raised:
            what.save(place)
        assert "\n" not in str(raised.value)


def test_weights_in_a_file_beside_the_model_are_the_guards_too(
    guard_folder: Path, tmp_path: Path
) -> None:
    import onnx

    folder = copied(guard_folder, tmp_path, "onnx/model_quantized.onnx")
    path = folder / "onnx" / "model.onnx"
    onnx.save(
        onnx.load(path),
        path,
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=0,
    )
    guard = Guard.load(folder)
    assert guard.score(["dog"])[0] == Guard.load(guard_folder, precision="fp32").score(["dog"])[0]
    guard.save(tmp_path / "saved")
    assert Guard.load(tmp_path / "saved").info.revision == guard.info.revision
    assert len(guard._parts.files.weights) == 2


@pytest.mark.parametrize(
    ("ref", "options", "says"),
    [
        (None, {}, "no guard None"),
        ("", {}, "no guard ''"),
        ("embedded", {"precision": "fp16"}, "no precision 'fp16'"),
        ("embedded", {"threads": 0}, "at least 1 thread"),
        ("embedded", {"cache_size": -1}, "0 judgements or more"),
        ("embedded", {"revision": "main"}, "no revisions"),
    ],
)
def test_what_cannot_be_loaded_so_says_so(ref: str, options: dict[str, str], says: str) -> None:
    refused(ref, says, **options)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The hub's cache in a folder of this test, and no network."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def _cached(hub: Path, hub_id: str, folder: Path) -> None:
    """Lay a folder down as the hub's library keeps what it has downloaded."""
    place = hub / f"models--{hub_id.replace('/', '--')}"
    commit = "0123456789012345678901234567890123456789"
    shutil.copytree(folder, place / "snapshots" / commit)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(commit)


def test_a_guard_comes_from_the_hub_by_its_id(guard_folder: Path, hub: Path) -> None:
    _cached(hub, "someone/some-guard", guard_folder)
    guard = Guard.load("someone/some-guard")
    assert guard.info.name == "someone/some-guard"
    assert guard.settings == GuardSettings.load(guard_folder)
    assert guard.score(["the dog"])[0] == Guard.load(guard_folder).score(["the dog"])[0]


def test_only_the_model_that_is_run_is_fetched_in_the_revision_that_is_asked_for(
    guard_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: list[tuple[str | None, list[str]]] = []
    int8, fp32 = "onnx/model_quantized.onnx", "onnx/model.onnx"
    folder = copied(guard_folder, tmp_path)
    (folder / "onnx" / "model.onnx_data").write_text("")

    def snapshot(_: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        wanted = [
            path.relative_to(folder).as_posix()
            for path in sorted(folder.rglob("*"))
            if any(fnmatch(path.relative_to(folder).as_posix(), each) for each in allow_patterns)
        ]
        asked.append((revision, [name for name in wanted if name.startswith("onnx/")]))
        assert {"tokenizer.json", "config.json", "harmaug.json"} <= set(wanted)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    assert Guard.load("a/b", revision="v1").info.runtime.endswith("int8")
    assert Guard.load("a/b", precision="fp32").info.runtime.endswith("fp32")
    assert asked == [("v1", [int8]), (None, [fp32, f"{fp32}_data"])]
    (folder / int8).unlink()
    asked.clear()
    assert Guard.load("a/b").info.runtime.endswith("fp32")
    assert [files for _, files in asked] == [[], [fp32, f"{fp32}_data"]]
    refused("a/b", "no int8 model on the hub", precision="int8")


def test_a_guard_is_found_in_the_cache_of_the_hub_without_network(
    guard_folder: Path, tmp_path: Path
) -> None:
    _cached(tmp_path / "hub", "someone/some-guard", guard_folder)
    code = (
        "from harmaug import Guard\n"
        "guard = Guard.load('someone/some-guard', precision='fp32', revision='main')\n"
        "print(guard.info.runtime, guard.check('the dog').score)"
    )
    home = {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    cleared = {name: value for name, value in os.environ.items() if name != "HF_HUB_CACHE"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=cleared | home, check=True, capture_output=True, text=True
    )
    score = Guard.load(guard_folder, precision="fp32").check("the dog").score
    assert done.stdout.split() == ["onnxruntime", "fp32", str(score)]


def test_a_torch_checkpoint_on_the_hub_names_the_command_that_converts_it(
    guard_folder: Path, hub: Path, tmp_path: Path
) -> None:
    folder = copied(guard_folder, tmp_path, "onnx/model_quantized.onnx", "onnx/model.onnx")
    _cached(hub, "someone/torch-guard", folder)
    refused("someone/torch-guard", "run `harmaug export someone/torch-guard DIR`, then load DIR")


def test_a_hub_that_cannot_be_reached_is_one_line(hub: Path) -> None:
    refused("someone/some-guard", "from the hub")
