"""A checkpoint on a disk that is full: one line that says what to do, and the last one kept."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from tests.distill.students import backbone, scored_rows, tiny_distillation

from harmaug.distill import distill
from harmaug.distill.checkpoint import Checkpoint, State
from harmaug.errors import RunFolderError

if TYPE_CHECKING:
    from typing_extensions import Buffer

FULL = Path("/dev/full")


class FullFile(io.BytesIO):
    """A file that takes a little and closes all the same, as most do: torch then speaks last."""

    def write(self, data: Buffer, /) -> int:
        if self.tell() > 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def state(value: float) -> State:
    return {"model": {"weight": torch.full((300_000,), value)}, "optimizer": {}, "training": "{}"}


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this machine")
def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, "mark")
    checkpoint.save(state(1.0))
    (tmp_path / "state.partial").symlink_to(FULL)
    with pytest.raises(RunFolderError, match="the disk is full") as caught:
        checkpoint.save(state(2.0))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "state.partial").is_symlink()
    found = checkpoint.load()
    assert found is not None and found["model"]["weight"][0] == 1.0
    checkpoint.save(state(3.0))


def test_a_training_that_cannot_write_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = backbone(tmp_path / "bert", "bert")

    monkeypatch.setattr(Path, "open", lambda path, mode: FullFile())
    config = tiny_distillation(student, checkpoint_minutes=1e-6)
    with pytest.raises(RunFolderError, match="run the same command again"):
        distill(scored_rows(40), config, seed=1, tau=0.5, out=tmp_path / "student")


@pytest.mark.parametrize("left", [0, 40, 3_000])
def test_a_state_that_is_not_whole_is_none(left: int, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, "mark")
    checkpoint.save(state(1.0))
    assert checkpoint.load() is not None
    os.truncate(tmp_path / "state.pt", left)
    assert checkpoint.load() is None
    (tmp_path / "state.pt").write_bytes(b"\0" * left)
    assert checkpoint.load() is None


def test_a_state_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, bool]] = []

    def fsync(file: int) -> None:
        synced.append((os.fstat(file).st_size, (tmp_path / "state.pt").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    Checkpoint(tmp_path, "mark").save(state(1.0))
    assert synced == [((tmp_path / "state.pt").stat().st_size, False)]


def test_what_is_no_fault_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    class Unwritable:
        def __reduce__(self) -> str:
            raise RuntimeError("no such state")

    wrong = state(1.0)
    wrong["optimizer"] = {"unwritable": Unwritable()}
    with pytest.raises(RuntimeError, match="no such state"):
        Checkpoint(tmp_path, "mark").save(wrong)
