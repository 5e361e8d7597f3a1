"""The stages on a Ray cluster of two workers: the rows of the local executor, come what may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harmaug.config import ExecutorConfig, RespondConfig, RunConfig
from harmaug.errors import ConfigError, HarmaugError
from harmaug.evaluate.results import Results
from harmaug.progress import Quiet
from harmaug.rows import Pair
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import PartFolder, chunked, rows_of
from harmaug.stages.base import Stage

pytest.importorskip("ray", reason="the ray extra is not installed: make test-all installs it")
from harmaug.executors.engines import Engines
from harmaug.stages.respond import RespondStage

pytestmark = pytest.mark.slow

TWO = ExecutorConfig(kind="ray", workers=2)
ROWS = [Pair(str(n), f"prompt {n}", None, "empty", None, None, "test") for n in range(23)]


@dataclass(frozen=True)
class Shout:
    """A stage that costs nothing; at one row it raises, or its process is killed.

    With `died` that happens once only.
    """

    raises_at: str | None = None
    dies_at: str | None = None
    died: Path | None = None
    seconds: float = 0.0

    def setup(self) -> Shout:
        return self

    def process(self, rows: Sequence[Pair]) -> list[Pair]:
        ids = {row.id for row in rows}
        if self.raises_at in ids:
            raise HarmaugError("the server is gone")
        time.sleep(self.seconds)
        if self.dies_at in ids and (self.died is None or not self.died.exists()):
            if self.died is not None:
                self.died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return [Pair(row.id, row.prompt.upper(), None, "empty", None, None, "test") for row in rows]


def run(
    folder: Path, stage: Stage[Pair, Pair], config: ExecutorConfig = TWO, part_rows: int = 4
) -> list[Pair]:
    from harmaug.executors.ray import RayExecutor

    out = PartFolder(folder, Pair)
    RayExecutor(config).run("shout", stage, chunked(ROWS, part_rows), out, Quiet())
    return list(rows_of(out))


def test_rows_come_out_one_for_one_though_a_worker_is_killed(tmp_path: Path) -> None:
    stage = Shout(dies_at="13", died=tmp_path / "died")
    assert run(tmp_path / "out", stage) == Shout().process(ROWS)
    assert stage.died is not None and stage.died.exists()


def test_a_part_that_kills_every_worker_ends_the_run_and_loses_no_other(tmp_path: Path) -> None:
    with pytest.raises(HarmaugError, match="^a part killed its worker 5 times .*command again"):
        run(tmp_path, Shout(dies_at="13"))
    assert run(tmp_path, Shout()) == Shout().process(ROWS)


def test_after_a_failure_only_the_missing_parts_are_done_again(tmp_path: Path) -> None:
    with pytest.raises(HarmaugError, match="^the server is gone$"):
        run(tmp_path, Shout(raises_at="13"))
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert "part-00003.parquet" not in before
    assert run(tmp_path, Shout()) == Shout().process(ROWS)
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert before.items() <= after.items()


@dataclass(frozen=True)
class FailsBesideAnother:
    """A stage whose part "2" raises as soon as another is under way, which takes its time."""

    begun: Path

    def setup(self) -> FailsBesideAnother:
        return self

    def process(self, rows: Sequence[Pair]) -> list[Pair]:
        if rows[0].id == "2":
            deadline = time.monotonic() + 120
            while not (beside := self._under_way()) and time.monotonic() < deadline:
                time.sleep(0.02)
            (self.begun / "failure").write_text(" ".join(beside))
            raise HarmaugError("the server is gone")
        path = self.begun / f"{rows[0].id}.begun"
        path.touch()
        time.sleep(1.0)
        path.with_suffix(".done").touch()
        return Shout().process(rows)

    def _under_way(self) -> list[str]:
        return [
            path.stem
            for path in self.begun.glob("*.begun")
            if not path.with_suffix(".done").exists()
        ]


def test_when_a_part_fails_those_under_way_are_kept_and_few_others_begun(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(HarmaugError, match="^the server is gone$"):
        run(out, FailsBesideAnother(tmp_path), part_rows=1)
    failure = tmp_path / "failure"
    beside = failure.read_text().split()
    kept = {str(int(path.stem.removeprefix("part-"))) for path in out.glob("part-*.parquet")}
    assert beside and kept.issuperset(beside) and "2" not in kept
    assert kept == {path.stem for path in tmp_path.glob("*.begun")}
    late = [p for p in tmp_path.glob("*.begun") if p.stat().st_mtime > failure.stat().st_mtime]
    assert len(late) < len(ROWS) / 2  # what the other worker had been given, and no more


def test_gpus_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gpus_per_worker is 64 and this machine has"):
        run(tmp_path, Shout(), ExecutorConfig(kind="ray", workers=2, gpus_per_worker=64))


def test_a_driver_killed_in_the_middle_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SLOWLY, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment) as process:
        deadline = time.monotonic() + 240
        while not list(tmp_path.glob("*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert 0 < len(before) < 6
    assert run(tmp_path, Shout()) == Shout().process(ROWS)
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert before.items() <= after.items()


_SLOWLY = """
import sys
from pathlib import Path
from tests.executors.test_ray import Shout, run
run(Path(sys.argv[1]), Shout(seconds=1.0))
"""


def test_the_stages_of_a_run_make_the_rows_of_the_local_executor(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    from harmaug.executors.ray import RayExecutor
    from harmaug.pipeline.context import Context
    from harmaug.pipeline.data import benchmark_data, labelled_data
    from harmaug.pipeline.generation import generate_instructions
    from harmaug.pipeline.labelling import label_synthetic, respond

    data = labelled_data(tiny_config.data, tiny_config.seed)
    held_out = [row for rows in benchmark_data(tiny_config.evaluate).values() for row in rows]
    with RunFolder(tmp_path) as folder:
        context = Context(tiny_config, folder, RayExecutor(TWO), Quiet())
        pairs = respond(context, generate_instructions(context, data, held_out))
        label_synthetic(context, pairs)
    made = sorted(path.name for path in tmp_path.glob("stages/*"))
    assert [name.partition("-")[0] for name in made] == ["generate", "judge", "label", "respond"]
    for name in made:  # the same names: the executor is no part of a fingerprint
        assert_same_rows(tmp_path / "stages" / name, tiny_run[1] / "stages" / name)


def assert_same_rows(folder: Path, expected: Path) -> None:
    """Compare two tables: texts equal, scores to 1e-5 and their log-odds to 1e-4."""
    ours, theirs = (
        pq.read_table(sorted(each.glob("part-*.parquet"))) for each in (folder, expected)
    )
    assert ours.num_rows > 0
    for name in theirs.column_names:
        found, wanted = ours[name].to_pylist(), theirs[name].to_pylist()
        if name in {"score", "log_odds"}:
            assert found == pytest.approx(wanted, abs=1e-5 if name == "score" else 1e-4)
        else:
            assert found == wanted


def test_a_stage_that_asks_no_llm_needs_no_engines() -> None:
    stage = RespondStage(RespondConfig(refusal=None, harmful=None))
    assert Engines.of(stage, ExecutorConfig(kind="ray")) is None
