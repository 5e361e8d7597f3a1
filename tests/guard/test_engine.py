from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnxruntime import InferenceSession
from tests.guard.test_load import copied

from harmaug.errors import ModelError
from harmaug.guard import Guard
from harmaug.guard.engine import (
    TASK_TOKENS,
    Engine,
    GivenUpError,
    available_threads,
    plan,
)
from harmaug.text import Encoded


@pytest.mark.parametrize(
    ("text", "most"),
    [("100000 100000\n", 1), ("10000 100000\n", 1), ("max 100000\n", None), ("", None)],
)
def test_a_container_gets_threads_for_its_share(
    tmp_path: Path, text: str, most: int | None
) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    cores = len(os.sched_getaffinity(0)) if "sched_getaffinity" in vars(os) else os.cpu_count()
    assert available_threads(quota) == (most or cores)
    assert available_threads(tmp_path / "none") == cores


def test_tasks_hold_every_row_once_the_longest_first_and_no_more_than_their_tokens() -> None:
    lengths = [5, 300, 20, 700, 1, 250, 512]
    tasks = plan(lengths, 512)
    assert sorted(row for task in tasks for row in task) == list(range(len(lengths)))
    assert [lengths[task[0]] for task in tasks] == sorted(
        (lengths[task[0]] for task in tasks), reverse=True
    )
    assert all(len(task) == 1 or sum(lengths[row] for row in task) <= 512 for task in tasks)
    assert plan([], 512) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_an_error_and_never_safe(
    guard_folder: Path, tmp_path: Path, value: float
) -> None:
    folder = copied(guard_folder, tmp_path, "onnx/model_quantized.onnx")
    path = folder / "onnx" / "model.onnx"
    model = onnx.load(path)
    (bias,) = (each for each in model.graph.initializer if each.name.endswith("classifier.bias"))
    broken = np.array([value, 0.0], dtype=np.float32)
    bias.CopyFrom(numpy_helper.from_array(broken, bias.name))
    onnx.save(model, path)
    guard = Guard.load(folder, threads=1)
    for judge in (
        guard.check,
        lambda text: guard.score([text]),
        lambda text: guard.check(text, text),
    ):
        with pytest.raises(ModelError, match=r"model\.onnx: its scores are not numbers") as raised:
            judge("how do i bake bread")
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_no_longer_wanted_is_given_up_between_windows(
    guard_folder: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    guard = Guard.load(guard_folder, threads=threads)
    text = "the dog " * 5_000
    (verdict,) = guard.verdicts([text], wanted=lambda: True)
    assert verdict == guard.check(text)
    runs: list[int] = []
    run = Engine._run

    def counted(engine: Engine, session: InferenceSession, row: Encoded) -> float:
        runs.append(len(row))
        return run(engine, session, row)

    monkeypatch.setattr(Engine, "_run", counted)
    answers = iter([True] * 3)
    with pytest.raises(GivenUpError):
        guard.verdicts([text], wanted=lambda: next(answers, False))
    assert TASK_TOKENS < sum(runs) <= 3 * TASK_TOKENS


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
def test_a_guard_that_was_used_before_a_fork_works_in_the_child(guard_folder: Path) -> None:
    code = (
        "import multiprocessing\n"
        "from harmaug import Guard\n"
        f"guard = Guard.load({str(guard_folder)!r}, threads=2)\n"
        "texts = ['the dog ' * 400] * 4\n"
        "here = guard.score(texts).tolist()\n"
        "def child():\n"
        "    assert guard.score(texts).tolist() == here\n"
        "process = multiprocessing.get_context('fork').Process(target=child)\n"
        "process.start()\n"
        "process.join(30)\n"
        "process.kill()\n"
        "assert process.exitcode == 0, process.exitcode\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
