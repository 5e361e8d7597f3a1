"""A guard behind `transformers serve`, which gives no log-probabilities, and says nothing of it."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.teachers.guards import guard_tokenizer, save_guard

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.llm.journal import Accounts, Journal
from harmaug.teachers.load import load_teacher

pytestmark = pytest.mark.slow
START_S = 120.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = guard_tokenizer(None, ["<|user|>", "<|assistant|>"], [" yes", " no"])
    return save_guard(tmp_path_factory.mktemp("wildguard"), tokenizer, {":": [" yes", " no"]})


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The address of a `transformers serve` of the guard."""
    program = Path(sys.executable).parent / "transformers"
    if not program.is_file() or shutil.which("transformers", path=str(program.parent)) is None:
        pytest.skip("the transformers command is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(program), "serve", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                pytest.skip("transformers serve does not start: its extra 'serving' is missing")
            try:
                httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


def test_it_is_refused_before_a_score_is_asked_for(folder: Path, url: str, tmp_path: Path) -> None:
    config = TeacherConfig(
        family="wildguard", engine="openai", model=str(folder), base_url=url, retries=1
    )
    teacher = load_teacher(config, tmp_path / "journal.sqlite")
    with pytest.raises(ModelError, match="no log-probabilities in its answer") as caught:
        teacher.log_odds([("how do i bake bread at home?", None)])
    assert "vLLM" in str(caught.value) and "\n" not in str(caught.value)
    assert Journal(tmp_path / "journal.sqlite").accounts() == Accounts()
