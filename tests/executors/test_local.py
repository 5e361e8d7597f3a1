import sys
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harmaug.config import ExecutorConfig
from harmaug.errors import HarmaugError, MissingExtraError
from harmaug.executors.local import LocalExecutor
from harmaug.progress import Quiet
from harmaug.rows import Pair
from harmaug.runs.parts import ComputedParts, PartFolder, chunked, rows_of

ROWS = [Pair(str(n), f"prompt {n}", None, "empty", None, None, "test") for n in range(23)]


@dataclass(frozen=True)
class Shout:
    """A stage that costs nothing, and that dies at one row when told to."""

    dies_at: str | None = None

    def setup(self) -> "Shout":
        return self

    def process(self, rows: Sequence[Pair]) -> list[Pair]:
        if self.dies_at in {row.id for row in rows}:
            raise HarmaugError("the server is gone")
        return [Pair(row.id, row.prompt.upper(), None, "empty", None, None, "test") for row in rows]


def run(folder: Path, stage: Shout, workers: int = 1) -> list[Pair]:
    out = PartFolder(folder, Pair)
    executor = LocalExecutor(ExecutorConfig(workers=workers))
    executor.run("shout", stage, chunked(ROWS, 4), out, Quiet())
    return list(rows_of(out))


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_come_out_one_for_one_in_order(workers: int, tmp_path: Path) -> None:
    assert [row.prompt for row in run(tmp_path, Shout(), workers)] == [
        row.prompt.upper() for row in ROWS
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_after_a_failure_only_the_missing_parts_are_done_again(
    workers: int, tmp_path: Path
) -> None:
    with pytest.raises(HarmaugError, match="the server is gone"):
        run(tmp_path, Shout(dies_at="13"), workers)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert 0 < len(before) < 6
    rows = run(tmp_path, Shout(), workers)
    assert [row.id for row in rows] == [row.id for row in ROWS]
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert before.items() <= after.items()


@dataclass(frozen=True)
class OutlivesAFailure:
    """A stage whose second part dies at once; the first is done only after that."""

    died: Path

    def setup(self) -> "OutlivesAFailure":
        return self

    def process(self, rows: Sequence[Pair]) -> list[Pair]:
        if rows[0].id == "4":
            self.died.touch()
            raise HarmaugError("the server is gone")
        deadline = time.monotonic() + 30
        while not self.died.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        return list(rows)


def test_a_part_under_way_when_another_fails_is_kept(tmp_path: Path) -> None:
    out = PartFolder(tmp_path / "out", Pair)
    executor = LocalExecutor(ExecutorConfig(workers=2))
    with pytest.raises(HarmaugError, match="the server is gone"):
        executor.run("die", OutlivesAFailure(tmp_path / "d"), chunked(ROWS, 4), out, Quiet())
    assert 0 in out
    assert 5 not in out


@dataclass(frozen=True)
class WaitsForTheLast:
    """A stage whose first part takes until the last one is on the disk."""

    last: Path

    def setup(self) -> "WaitsForTheLast":
        return self

    def process(self, rows: Sequence[Pair]) -> list[Pair]:
        deadline = time.monotonic() + 30
        while rows[0].id == "0" and not self.last.exists():
            if time.monotonic() > deadline:
                raise HarmaugError("the last part waits for the first")
            time.sleep(0.02)
        return list(rows)


def test_a_slow_part_holds_up_none_of_the_others(tmp_path: Path) -> None:
    out = PartFolder(tmp_path, Pair)
    stage = WaitsForTheLast(tmp_path / "part-00005.parquet")
    executor = LocalExecutor(ExecutorConfig(workers=2))
    executor.run("wait", stage, chunked(ROWS, 4), out, Quiet())
    assert list(rows_of(out)) == ROWS


def computed(part: int) -> list[Pair]:
    """Rows that nobody holds before they are asked for."""
    return [Pair(f"{part}:{n}", "words " * 20, None, "empty", None, None, "t") for n in range(200)]


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    peaks = []
    for parts in (4, 40):
        out = PartFolder(tmp_path / str(parts), Pair)
        tracemalloc.start()
        LocalExecutor(ExecutorConfig()).run(
            "shout", Shout(), ComputedParts(parts, computed), out, Quiet()
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(out) == parts
    assert peaks[1] < 2 * peaks[0]


def test_processes_are_given_one_part_ahead_and_no_more(tmp_path: Path) -> None:
    out = PartFolder(tmp_path, Pair)
    ahead = []

    def read(part: int) -> list[Pair]:
        ahead.append(part - len(out))
        return computed(part)

    executor = LocalExecutor(ExecutorConfig(workers=2))
    executor.run("shout", Shout(), ComputedParts(12, read), out, Quiet())
    assert 2 <= max(ahead) < 4


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from harmaug.pipeline.context import (
        EXECUTORS,
    )  # heavy, and the processes above import this file

    for name in [
        name for name in sys.modules if name.startswith(("ray.", "harmaug.executors.ray"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "harmaug.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'harmaug\[ray\]'"):
        EXECUTORS.load("ray")
