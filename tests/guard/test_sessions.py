from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from tests.guard.test_load import copied

from harmaug.guard import Guard
from harmaug.guard.sessions import MOST, Sessions, sums_in_32_bits


@pytest.mark.parametrize(
    ("flags", "known"),
    [("avx2 avx512f avx512_vnni", True), ("avx2 avx_vnni", True), ("avx2 avx512f", False)],
)
def test_instructions_of_the_processor_are_looked_up(
    flags: str, known: bool, tmp_path: Path
) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags : fpu {flags}\n")
    assert sums_in_32_bits(tmp_path / "cpuinfo") is known
    assert not sums_in_32_bits(tmp_path / "none")


def test_who_runs_at_the_same_time_has_a_session_of_its_own(guard_folder: Path) -> None:
    sessions = Sessions(guard_folder / "onnx" / "model.onnx", threads=2)
    with sessions.one() as first, sessions.one() as second:
        assert first is not second
        with sessions.one() as third, sessions.one() as fourth:
            assert {first, second} == {third, fourth}
    with sessions.one() as first, sessions.one() as second, sessions.one() as third:
        assert first is not second
        assert third in (first, second)


def test_one_after_the_other_uses_one_session(guard_folder: Path) -> None:
    sessions = Sessions(guard_folder / "onnx" / "model.onnx", threads=8)
    with sessions.one() as first:
        pass
    with sessions.one() as again:
        assert again is first


def test_a_session_comes_back_from_a_run_that_failed(guard_folder: Path) -> None:
    sessions = Sessions(guard_folder / "onnx" / "model.onnx", threads=2)
    with pytest.raises(ZeroDivisionError), sessions.one() as first:
        raise ZeroDivisionError
    with sessions.one() as again:
        assert again is first


def test_many_threads_open_no_more_than_the_most(guard_folder: Path) -> None:
    sessions = Sessions(guard_folder / "onnx" / "model.onnx", threads=3 * MOST)
    all_hold = threading.Barrier(2 * MOST)
    lent = []

    def hold() -> None:
        with sessions.one() as session:
            lent.append(session)
            all_hold.wait(30)

    threads = [threading.Thread(target=hold) for _ in range(2 * MOST)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(lent) == 2 * MOST
    assert len(set(lent)) == MOST


@pytest.mark.parametrize("change", ["another", "gone"])
def test_a_guard_stays_the_one_that_was_loaded_when_its_file_changes(
    guard_folder: Path, tmp_path: Path, change: str
) -> None:
    folder = copied(guard_folder, tmp_path, "onnx/model_quantized.onnx")
    model = folder / "onnx" / "model.onnx"
    guard = Guard.load(folder, threads=2)
    model.unlink()
    if change == "another":
        shutil.copy(guard_folder / "config.json", model)  # no model: to open it would fail
    texts = [f"the dog {'bakes bread ' * count}" for count in range(200)]
    same = Guard.load(guard_folder, threads=1, precision="fp32")
    assert guard.score(texts).tolist() == same.score(texts).tolist()
