"""`harmaug export`: what it writes loads as a guard, and what it cannot do it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.models import classifier

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
        (("empty", "out"), "is not a guard: it has no config.json"),
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
