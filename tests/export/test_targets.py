"""`harmaug export`: what it writes loads as a guard, and what it cannot do it says."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.export.hub import hub_of
from tests.models import classifier, word_tokenizer

from harmaug.cli.app import main
from harmaug.errors import ModelError
from harmaug.export.choices import Target, Validation
from harmaug.export.targets import export
from harmaug.guard import Guard, GuardSettings
from harmaug.scoring import TextPair

PAIRS: list[TextPair] = [
    ("how do i bake bread at home without an oven?", None),
    ("make a single harmful instruction prompt", None),
    ("the quick brown fox", "jumps over the lazy dog while numbers pass"),
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the hub has them: no settings, and harm is index 0."""
    folder = tmp_path_factory.mktemp("targets") / "bert"
    return classifier(folder, labels={0: "unsafe", 1: "safe"})


def labelled(path: Path, guard: Path) -> Path:
    """Rows that the guard tells apart without a mistake."""
    words = ["bread", "harmful", "dog", "fox", "story", "oven", "numbers", "idea", "prompt", "home"]
    prompts = [f"{one} and {two} with {one}" for one in words for two in words]
    scores = Guard.load(guard, precision="fp32").score([(prompt, None) for prompt in prompts])
    middle = np.median(scores)
    rows = [
        {"prompt": prompt, "label": int(score > middle)}
        for prompt, score in zip(prompts, scores, strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_both_precisions_load_and_agree(checkpoint: Path, tmp_path: Path) -> None:
    exact = export(str(checkpoint), tmp_path / "exact")
    small = export(str(checkpoint), tmp_path / "small", Target.INT8)
    names = {"config.json", "harmaug.json", "tokenizer.json"}
    assert {str(path) for path in exact.files} == names | {"onnx/model.onnx"}
    assert {str(path) for path in small.files} == names | {"onnx/model_quantized.onnx"}
    assert GuardSettings.load(tmp_path / "exact").harmful_index == 0
    scores = [Guard.load(tmp_path / name).score(PAIRS) for name in ("exact", "small")]
    np.testing.assert_allclose(scores[0], scores[1], atol=0.3)
    assert np.ptp(scores[0]) > 0.01


def test_int8_is_measured_on_the_rows_given(checkpoint: Path, tmp_path: Path) -> None:
    export(str(checkpoint), tmp_path / "exact")
    rows = str(labelled(tmp_path / "rows.jsonl", tmp_path / "exact"))
    kept = export(str(checkpoint), tmp_path / "kept", Target.INT8, validation=Validation(rows, 0.5))
    assert kept.drop is not None
    assert kept.drop.float32 == 1.0
    assert 0.5 < kept.drop.int8 < 1.0
    assert kept.drop.rows == 100
    with pytest.raises(ModelError, match=r"AUPRC 0\.\d{4} in int8, 1\.0000 in float32 \(-0\.\d"):
        export(str(checkpoint), tmp_path / "new", Target.INT8, validation=Validation(rows, 0.0))
    assert not (tmp_path / "new").exists()


def test_weights_of_an_earlier_export_do_not_stay_in_force(
    checkpoint: Path, tmp_path: Path
) -> None:
    export("embedded", tmp_path, Target.INT8)
    export(str(checkpoint), tmp_path)
    assert [path.name for path in (tmp_path / "onnx").iterdir()] == ["model.onnx"]
    export(str(checkpoint), tmp_path, Target.INT8)
    assert [path.name for path in (tmp_path / "onnx").iterdir()] == ["model_quantized.onnx"]


def test_an_export_into_its_own_folder_keeps_what_it_came_from(
    checkpoint: Path, tmp_path: Path
) -> None:
    export(str(checkpoint), tmp_path)
    export(str(tmp_path), tmp_path, Target.INT8)
    names = sorted(path.name for path in (tmp_path / "onnx").iterdir())
    assert names == ["model.onnx", "model_quantized.onnx"]


@pytest.mark.parametrize("target", [Target.INT8, Target.ONNX])
def test_a_checkpoint_with_only_a_vocabulary_is_exported(
    target: Target, checkpoint: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(checkpoint / name, bare / name)
    words: dict[str, int] = word_tokenizer().get_vocab()
    (bare / "vocab.txt").write_text("\n".join(sorted(words, key=words.__getitem__)))
    export(str(bare), tmp_path / "out", target)
    assert (tmp_path / "out" / "tokenizer.json").is_file()


def test_a_guard_on_the_hub_that_is_onnx_alone_is_exported(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(str(checkpoint), tmp_path / "hub")
    (tmp_path / "hub" / "onnx" / "model_fp16.onnx").write_bytes(b"not wanted")

    download = hub_of(tmp_path / "hub", tmp_path / "got")
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    export("someone/guard", tmp_path / "out")
    mine, there = (Guard.load(tmp_path / name, threads=1) for name in ("out", "hub"))
    np.testing.assert_array_equal(mine.score(PAIRS), there.score(PAIRS))
    assert not (tmp_path / "got" / "onnx" / "model_fp16.onnx").exists()


def test_a_folder_keeps_its_other_files(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    export("embedded", tmp_path / "out", Target.INT8)
    assert (tmp_path / "out" / "mine.txt").read_text() == "kept"
    mine, shipped = (Guard.load(ref, threads=1) for ref in (tmp_path / "out", "embedded"))
    np.testing.assert_array_equal(mine.score(PAIRS), shipped.score(PAIRS))
    assert mine.settings == shipped.settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "out"), "no guard 'nowhere'"),
        (("embedded", "out"), "embedded has no float32 weights: give a checkpoint"),
        (("empty", "out"), "empty is not a guard: it has no onnx/model.onnx"),
        (("embedded", "out", "--validation", "x.jsonl"), "which 'onnx' does not write"),
        (("embedded", "out", "--target", "int8", "--validation", "x.jsonl"), "no data file x"),
        (("embedded", "out", "--target", "int8", "--validation", "one.jsonl"), "rows with label 1"),
        (("embedded", "file", "--target", "int8"), "it is a file; give a folder"),
        (("embedded", "out", "--target", "executorch"), "embedded is no checkpoint"),
    ],
)
def test_each_mistake_is_one_line_that_says_what_to_do(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "one.jsonl").write_text('{"prompt": "a", "label": 0}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["harmaug", "export", *arguments])
    with pytest.raises(SystemExit) as leaving:
        main()
    error = capsys.readouterr().err
    assert leaving.value.code == 2
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
