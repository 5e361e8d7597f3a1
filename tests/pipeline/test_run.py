"""The whole method on tiny real models: run, run again, killed, changed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from harmaug.config import RunConfig, load_config, to_yaml
from harmaug.errors import ModelError
from harmaug.evaluate.results import HARMAUG, HARMAUG_FP32, PLAIN, TEACHER, Results
from harmaug.guard import Guard
from harmaug.pipeline import run
from harmaug.progress import Quiet


class Heard(Quiet):
    """Remembers what was done."""

    def __init__(self) -> None:
        self.work: list[str] = []

    def begin(self, what: str, total: int | None) -> None:
        self.work.append(what)


def test_a_run_leaves_everything_it_promises(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path]
) -> None:
    results, folder = tiny_run
    assert load_config(folder / "config.yaml") == tiny_config
    for name in ("config.yaml", "results.json", "report.html", "manifest.json"):
        assert (folder / name).stat().st_size > 0
    assert Results.load(folder).to_json() == results.to_json()
    keys = [guard.key for guard in results.evaluation.guards]
    assert keys == [TEACHER, PLAIN, HARMAUG, HARMAUG_FP32]
    metrics = results.evaluation.scores.metrics(HARMAUG, "quickstart-test")
    assert metrics.n == 60 and 0 < metrics.auprc.low <= metrics.auprc.value <= metrics.auprc.high


def test_the_student_is_a_guard_and_a_checkpoint(tiny_run: tuple[Results, Path]) -> None:
    _, folder = tiny_run
    score = Guard.load(folder / "student").check("how do I bake bread").score
    assert 0.0 <= score <= 1.0
    model = AutoModelForSequenceClassification.from_pretrained(folder / "student")
    assert model.config.id2label == {0: "harmless", 1: "harmful"}
    card = (folder / "student" / "README.md").read_text(encoding="utf-8")
    assert "## Benchmarks" in card and "| harmaug | " in card


def test_the_synthetic_set_names_the_source_of_every_row(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    rows = pq.read_table(folder / "synthetic" / "data").to_pylist()
    assert len(rows) == 3 * results.generation.kept
    kinds = {row["response_kind"] for row in rows}
    assert kinds == {"refusal", "harmful", "empty"}
    for row in rows:
        assert len(row["exemplar_ids"]) == 3 and row["generator_seed"] and row["teacher"]
        assert (row["responder"] is None) == (row["response_kind"] == "empty")
        if row["teacher_score"] is not None:
            assert row["label"] == int(row["teacher_score"] > results.tau)
    card = (folder / "synthetic" / "README.md").read_text(encoding="utf-8")
    assert f"{results.generation.kept}\ninstructions were kept" in card


def test_the_same_run_again_does_nothing(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path]
) -> None:
    results, folder = tiny_run
    heard = Heard()
    again = run(tiny_config, folder, heard)
    assert heard.work == []
    assert again.evaluation.scores == results.evaluation.scores
    assert again.generation == results.generation


def test_a_changed_learning_rate_redoes_only_what_follows(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path]
) -> None:
    _, folder = tiny_run
    changed = tiny_config.distill.model_copy(update={"learning_rate": 5e-4})
    heard = Heard()
    run(tiny_config.model_copy(update={"distill": changed}), folder, heard)
    assert {what.split(" on ")[0] for what in heard.work} == {
        "distil plain", "distil harmaug", "plain", "harmaug", "harmaug-fp32",
    }  # fmt: skip
    run(tiny_config, folder)


def test_another_tau_labels_the_published_rows_anew(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_run[1], tmp_path / "run"))
    label = tiny_config.label.model_copy(update={"tau": 0.02})
    distill = tiny_config.distill.model_copy(update={"steps": 1, "quantise": False})
    changed = {"label": label, "distill": distill, "baseline": False}
    run(tiny_config.model_copy(update=changed), folder)
    rows = pq.read_table(folder / "synthetic" / "data").to_pylist()
    assert all(row["label"] == int(row["teacher_score"] > 0.02) for row in rows)
    assert {row["label"] for row in rows} == {0, 1}


def test_another_threshold_is_a_question(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    strict = results.at(0.9, folder).evaluation.scores.metrics(TEACHER, "quickstart-test")
    loose = results.at(0.1, folder).evaluation.scores.metrics(TEACHER, "quickstart-test")
    assert strict.recall.value < loose.recall.value
    assert strict.auprc == loose.auprc
    same = results.at(results.evaluation.scores.threshold, folder)
    assert same == results


def test_killed_anywhere_it_ends_the_same(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    results, whole = tiny_run
    (tmp_path / "tiny.yaml").write_text(to_yaml(tiny_config), encoding="utf-8")
    folder = tmp_path / "run"
    chance = random.Random(7)
    for _ in range(3):
        _start_and_kill(tmp_path / "tiny.yaml", folder, chance.uniform(0.2, 2.5))
    resumed = run(tiny_config, folder)
    assert resumed.evaluation.scores == results.evaluation.scores
    name = next((folder / "synthetic" / "data").glob("part-*")).name
    assert pq.read_table(folder / "synthetic" / "data" / name).equals(
        pq.read_table(whole / "synthetic" / "data" / name)
    )


def _start_and_kill(config: Path, folder: Path, after: float) -> None:
    """Start the run, and kill it `after` seconds from when it has its first stage."""
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, str(config), str(folder)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    ) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob("stages/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)


_RUN = """
import sys
from pathlib import Path
from harmaug.config import load_config
from harmaug.pipeline import run
run(load_config(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_missing_model_is_told_before_anything_is_spent(
    tiny_config: RunConfig, tmp_path: Path
) -> None:
    distill = tiny_config.distill.model_copy(update={"student": str(tmp_path / "nowhere")})
    with pytest.raises(ModelError, match=r"distill\.student") as caught:
        run(tiny_config.model_copy(update={"distill": distill}), tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_student_too_large_for_onnx_is_evaluated_by_torch(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harmaug.distill.output.ONNX_BYTES", 0)
    evaluate = tiny_config.evaluate.model_copy(update={"cost": True})
    config = tiny_config.model_copy(update={"evaluate": evaluate, "baseline": False})
    results = run(config, tmp_path)
    assert not (tmp_path / "student" / "onnx").exists()
    assert results.evaluation.scores.average(HARMAUG, "auprc") is not None
    info = next(one.info for one in results.evaluation.guards if one.key == HARMAUG)
    assert info.runtime.startswith("transformers")


def test_what_is_written_into_a_student_leaves_its_stage_alone(
    tiny_run: tuple[Results, Path],
) -> None:
    student = tiny_run[1] / "student"
    linked = {path.suffix: path.stat().st_nlink for path in student.rglob("*") if path.is_file()}
    assert linked[".json"] == 1
    assert linked[".safetensors"] == linked[".onnx"] == 2
