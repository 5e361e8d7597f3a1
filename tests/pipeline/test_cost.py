"""What a guard costs is measured once, and again where the measurement failed."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from harmaug.config import RunConfig
from harmaug.evaluate import cost
from harmaug.evaluate.cost import Speed
from harmaug.evaluate.sources import GuardSource
from harmaug.executors.local import LocalExecutor
from harmaug.pipeline.context import Context
from harmaug.pipeline.data import benchmark_data
from harmaug.pipeline.evaluation import Candidate, cost_of, guard_info
from harmaug.progress import Quiet
from harmaug.runs.folder import RunFolder
from harmaug.scoring import TextPair

SPEED = Speed(1.0, 2.0, 3.0, 4, 1, 5, 6.0, 1.0)


def test_a_measurement_that_failed_is_tried_again(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [None, SPEED]
    monkeypatch.setattr(cost, "measure_speed", lambda source, pairs: answers.pop(0))
    context = Context(
        tiny_config, RunFolder(tmp_path), LocalExecutor(tiny_config.executor), Quiet()
    )
    benchmarks = benchmark_data(tiny_config.evaluate)
    guard = Candidate("teacher", GuardSource.of_teacher(tiny_config.label.teacher), "teacher")
    load = cache(guard.source.load)
    info = guard_info(context, guard, load)
    found = [cost_of(context, guard, load, info, benchmarks) for _ in range(3)]
    assert [one.speed for one in found] == [None, SPEED, SPEED]
    assert found[1] == found[2] == replace(found[0], speed=SPEED)
    assert answers == []


def test_a_server_has_no_speed_to_wait_for(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(source: GuardSource, pairs: list[TextPair]) -> Speed:
        raise AssertionError("a server was measured")

    monkeypatch.setattr(cost, "measure_speed", never)
    context = Context(
        tiny_config, RunFolder(tmp_path), LocalExecutor(tiny_config.executor), Quiet()
    )
    source = GuardSource.of_teacher(tiny_config.label.teacher)
    guard = Candidate("teacher", replace(source, remote=True), "teacher")
    load = cache(guard.source.load)
    info = guard_info(context, guard, load)
    found = cost_of(context, guard, load, info, benchmark_data(tiny_config.evaluate))
    (kept,) = tmp_path.glob("stages/cost-*/cost.json")
    assert found.speed is None and json.loads(kept.read_text())["speed"] is None
