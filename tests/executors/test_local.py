import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harmaug.config import ExecutorConfig
from harmaug.errors import HarmaugError
from harmaug.executors.local import LocalExecutor
from harmaug.progress import Quiet
from harmaug.rows import Pair
from harmaug.runs.parts import PartFolder, chunked, rows_of

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
