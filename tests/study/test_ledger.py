"""Every evaluation has its line, whatever happens to the ledger."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.study.heard import Heard, places

from harmaug.config.study import StudyConfig
from harmaug.errors import RunFolderError
from harmaug.progress import Quiet
from harmaug.study.results import Study
from harmaug.study.run import Places, run_study


def lines(folder: Path) -> list[dict[str, object]]:
    text = (folder / "ledger.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def small(config: StudyConfig) -> StudyConfig:
    arms = {"plain": config.arms["plain"]}
    return config.model_copy(update={"arms": arms, "claim": None, "seeds": (1,), "figure": None})


def test_arms_and_guards_have_a_line_each(
    config: StudyConfig, finished: tuple[Study, Path, list[str]]
) -> None:
    study, folder, _ = finished
    found = lines(folder)
    stages = [one["stage"] for one in found if "arm" in one]
    assert sorted(map(str, stages)) == sorted(one.stage for one in study.outcomes)
    (guard,) = [one for one in found if "guard" in one]
    assert guard["guard"] == config.guards[0] and guard["study"] == "tiny"
    benchmarks = guard["benchmarks"]
    assert isinstance(benchmarks, dict) and benchmarks["quickstart-test"]["n"] == 60


def test_a_ledger_that_cannot_be_written_is_told_before_anything_is_spent(
    small: StudyConfig, tmp_path: Path
) -> None:
    heard = Heard()
    with pytest.raises(RunFolderError, match="--ledger") as error:
        run_study(small, Places(tmp_path, tmp_path, tmp_path), command="", progress=heard)
    assert heard.work == [] and "\n" not in str(error.value)


class Blocked(Quiet):
    """Puts a folder where the ledger is as soon as a guard is being evaluated."""

    def __init__(self, ledger: Path, at: str) -> None:
        self._ledger, self._at = ledger, at

    def begin(self, what: str, total: int | None) -> None:
        if what.endswith(self._at):
            self._ledger.rename(self._ledger.with_suffix(".kept"))
            self._ledger.mkdir()


def freed(ledger: Path) -> None:
    ledger.rmdir()
    ledger.with_suffix(".kept").rename(ledger)


def test_what_could_not_be_written_down_is_written_down_by_the_next_run(
    small: StudyConfig, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    told: Sequence[tuple[str, int]] = [
        ("plain on quickstart-test", 0),
        (f"{small.guards[0]} on quickstart-test", 1),
    ]
    for at, before in told:
        with pytest.raises(RunFolderError, match="ledger"):
            run_study(small, places(tmp_path), command="", progress=Blocked(ledger, at))
        freed(ledger)
        assert len(lines(tmp_path)) == before
    for _ in range(2):
        run_study(small, places(tmp_path), command="", progress=Quiet())
        assert [one.get("arm") for one in lines(tmp_path)] == ["plain", None]
