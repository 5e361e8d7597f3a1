"""A training killed with SIGKILL goes on, and ends with the weights of an uninterrupted one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.distill.students import backbone, scored_rows, tiny_distillation

from harmaug.distill import DistillResult, distill
from harmaug.errors import RunFolderError

CHILD = """
import sys, time
from pathlib import Path
import torch
from harmaug.distill import distill
from tests.distill.students import scored_rows, tiny_distillation

class Slow:
    def begin(self, what, total): pass
    def advance(self, steps, note=""): time.sleep(0.05)
    def end(self, note=""): pass

# Sums of several threads differ in the last bit from those of one.
torch.set_num_threads(int(sys.argv[3]))
distill(scored_rows(120), tiny_distillation(sys.argv[1], epochs=6, validations=6), seed=1, tau=0.5,
        out=Path(sys.argv[2]), progress=Slow())
"""


class Steps:
    """Counts the steps told, the first being those that were found done."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def begin(self, what: str, total: int | None) -> None:
        pass

    def advance(self, steps: int, note: str = "") -> None:
        self.told.append(steps)

    def end(self, note: str = "") -> None:
        pass


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a backbone `bert` and what a killed training of `student` left there."""
    folder = tmp_path_factory.mktemp("killed")
    student = backbone(folder / "bert", "bert")
    places = [str(student), str(folder / "student")]
    arguments = [sys.executable, "-c", CHILD, *places, str(torch.get_num_threads())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(arguments, env=environment)
    state = folder / ".student.partial" / "checkpoint" / "state.pt"
    deadline = time.monotonic() + 300
    while not state.exists() and time.monotonic() < deadline:
        assert child.poll() is None, "the training ended before it could be killed"
        time.sleep(0.02)
    time.sleep(0.12)  # some steps beyond the checkpoint
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not (folder / "student").exists()
    return folder


def test_a_killed_training_goes_on_to_the_same_weights(killed: Path, tmp_path: Path) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    config = tiny_distillation(killed / "bert", epochs=6, validations=6)
    rows = scored_rows(120)
    whole = distill(rows, config, seed=1, tau=0.5, out=tmp_path / "whole")
    steps = Steps()
    resumed = distill(rows, config, seed=1, tau=0.5, out=tmp_path / "student", progress=steps)

    assert steps.told[0] >= whole.steps // 6
    assert sum(steps.told) == whole.steps
    assert resumed.history == whole.history
    assert (resumed.tokens, resumed.auprc) == (whole.tokens, whole.auprc)
    expected = load_file(whole.folder / "model.safetensors")
    found = load_file(resumed.folder / "model.safetensors")
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert not list(tmp_path.glob(".*"))
    assert not (resumed.folder / "checkpoint").exists()


def test_what_another_training_left_is_not_taken_up(killed: Path, tmp_path: Path) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    other = tiny_distillation(killed / "bert", epochs=6, validations=6, learning_rate=1e-3)
    steps = Steps()
    result = distill(
        scored_rows(120), other, seed=1, tau=0.5, out=tmp_path / "student", progress=steps
    )
    assert steps.told[0] == 0
    assert DistillResult.load(tmp_path / "student") == result


class FillsTheDisk:
    """Leaves so many bytes of the disk when the training is done, before the student is written."""

    def __init__(self, place: Path, left: int) -> None:
        self.filler, self.left = place / "filler", left

    def begin(self, what: str, total: int | None) -> None:
        pass

    def advance(self, steps: int, note: str = "") -> None:
        pass

    def end(self, note: str = "") -> None:
        free = shutil.disk_usage(self.filler.parent).free
        self.filler.write_bytes(b"x" * max(0, free - self.left))


@pytest.mark.parametrize("left", [0, 20_000, 80_000])
def test_a_disk_that_is_full_at_the_end_is_one_line_and_costs_no_step(
    left: int, tmp_path: Path, disk: Callable[[str], Path]
) -> None:
    place = disk("2m")
    config = tiny_distillation(backbone(tmp_path / "start", "bert"), epochs=1)
    rows, full = scored_rows(40), FillsTheDisk(place, left)
    with pytest.raises(RunFolderError, match="the disk is full.*run the same command") as caught:
        distill(rows, config, seed=1, tau=0.5, out=place / "student", progress=full)
    assert "\n" not in str(caught.value)
    full.filler.unlink()
    steps = Steps()
    distill(rows, config, seed=1, tau=0.5, out=place / "student", progress=steps)
    assert (place / "student" / "model.safetensors").is_file()
    assert sum(steps.told[1:]) == 0
