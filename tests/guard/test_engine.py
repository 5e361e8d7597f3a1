from __future__ import annotations

import os
from pathlib import Path

import pytest

from harmaug.guard.engine import available_threads, plan, sums_in_32_bits


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
