"""A tiny real guard behind a real server on a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from tests.models import classifier

from harmaug.export.onnx import to_onnx
from harmaug.guard import Guard, GuardSettings, Verdict
from harmaug.guard.engine import Wanted
from harmaug.guard.plain import Input
from harmaug.serve.app import create_app
from harmaug.serve.protocol import BoundedHttp
from harmaug.serve.settings import ServeSettings

BREAKS = "a text that no guard survives"
THRESHOLDS = {"lenient": 0.9, "balanced": 0.5, "strict": 0.1}


@pytest.fixture(scope="session")
def guard_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT classifier with random weights as a guard: ONNX, tokenizer, three thresholds."""
    folder = classifier(tmp_path_factory.mktemp("served") / "tiny-guard")
    to_onnx(folder, folder / "onnx" / "model.onnx")
    GuardSettings(window=64, thresholds=THRESHOLDS, language="any").save(folder)
    return folder


@pytest.fixture(scope="session")
def guard(guard_folder: Path) -> Guard:
    """The same in this process, to compare with."""
    return Guard.load(guard_folder, threads=1)


@contextmanager
def running(
    guard: Guard, settings: ServeSettings, *keys: str, keep_alive: int = 5
) -> Iterator[str]:
    """Serve in a thread; yields the base address."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(guard, settings, keys)
    config = uvicorn.Config(
        app, http=BoundedHttp, ws="none", log_level="warning", timeout_keep_alive=keep_alive
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def address(guard: Guard) -> Iterator[str]:
    """A server with small limits."""
    settings = ServeSettings(
        max_items=8, max_characters=5_000, max_body_bytes=40_000, queue=64, threads=1
    )
    with running(guard, settings) as base:
        yield base


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


class HeldGuard(Guard):
    """A real guard that waits for a signal before each batch, and that one text breaks."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(guard._parts, guard.settings)
        self.go = threading.Event()
        self.batches: list[int] = []

    def verdicts(
        self, pairs: Sequence[Input], *, explain: bool = False, wanted: Wanted | None = None
    ) -> list[Verdict]:
        """Wait, then judge."""
        self.go.wait(30)
        self.batches.append(len(pairs))
        if any(BREAKS in pair for pair in pairs):
            raise ZeroDivisionError
        return super().verdicts(pairs, explain=explain, wanted=wanted)


def error(answer: httpx.Response, status: int) -> str:
    """Return the message of an answer that has this status."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["message"])
