"""`harmaug serve` as a process: how it starts, how it fails, how it stops."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from harmaug.cli.serve import serve as command
from harmaug.errors import ConfigError, MissingExtraError, ModelError, ServerError
from harmaug.serve.run import serve
from harmaug.serve.settings import ServeSettings

COMMAND = [sys.executable, "-c", "from harmaug.cli import main; main()", "serve"]
LINE = re.compile(r" at (http://[\d.]+:\d+)$", re.MULTILINE)


@contextmanager
def served(guard_folder: Path, log: Path, *options: str) -> Iterator[tuple[str, int]]:
    """Run the command; yields the address it tells and its process id."""
    command = [*COMMAND, "--model", str(guard_folder), "--port", "0", *options]
    with started(log, command) as server:
        yield server


@contextmanager
def started(log: Path, command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run a process that serves; yields the address it tells and its process id."""
    with log.open("w") as stderr:
        process = subprocess.Popen(command, stderr=stderr, env={**os.environ, "NO_COLOR": "1"})
        try:
            yield wait_for(log, process), process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def wait_for(log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        found = LINE.search(log.read_text())
        if found and ready(found[1]):
            return found[1]
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_sigterm_answers_what_was_taken_in(guard_folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = {"items": [{"prompt": f"bread {number} " * 600} for number in range(64)]}
    with (
        served(guard_folder, log, "--threads", "1") as (base, pid),
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(httpx.post, f"{base}/v1/check", json=body, timeout=60)
        while "harmaug_queue_items 64" not in httpx.get(f"{base}/metrics").text:
            time.sleep(0.01)
        os.kill(pid, signal.SIGTERM)
        assert len(answer.result().json()["results"]) == 64
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/healthz")


def test_workers_get_the_keys_that_a_caller_gives(guard_folder: Path, tmp_path: Path) -> None:
    settings = f"ServeSettings(model={str(guard_folder)!r}, workers=2, threads=1)"
    code = (
        "from harmaug.serve.run import serve\nfrom harmaug.serve.settings import ServeSettings\n"
        f"if __name__ == '__main__': serve({settings}, '127.0.0.1', 0, keys=['one'])"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    log = tmp_path / "log"
    with started(log, [sys.executable, str(script)]) as (base, _):
        for key, status in (("one", 200), ("two", 401)):
            headers = {"Authorization": f"Bearer {key}"}
            assert httpx.get(f"{base}/v1/guard", headers=headers).status_code == status


@pytest.mark.parametrize("key", ["a,b", " a", ""])
def test_a_key_that_workers_could_not_read_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="an API key has no comma"):
        serve(ServeSettings(), "127.0.0.1", 0, keys=[key])


@pytest.mark.slow
def test_workers_share_the_port_and_all_want_the_key(guard_folder: Path, tmp_path: Path) -> None:
    os.environ["HARMAUG_API_KEYS"] = "one"
    try:
        options = ("--workers", "2", "--threads", "1")
        with served(guard_folder, tmp_path / "log", *options) as (base, _):
            seen: set[str] = set()
            for _ in range(60):
                headers = {"Authorization": "Bearer one", "Connection": "close"}
                body = {"prompt": "bread"}
                answer = httpx.post(f"{base}/v1/check", json=body, headers=headers)
                assert answer.status_code == 200
                assert httpx.post(f"{base}/v1/check", json=body).status_code == 401
                text = httpx.get(f"{base}/metrics").text
                seen |= set(re.findall(r"^process_start_time_seconds (\S+)", text, re.MULTILINE))
                if len(seen) == 2:
                    break
            assert len(seen) == 2
    finally:
        del os.environ["HARMAUG_API_KEYS"]


def test_a_port_in_use_is_one_line(guard_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ["--model", str(guard_folder), "--port", str(port)]
        done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr == (
            f"error: port {port} on 127.0.0.1 is in use: stop what listens there, or choose "
            "another with --port\n"
        )
        with pytest.raises(ServerError, match=f"port {port} on 127.0.0.1 is in use"):
            serve(ServeSettings(model=str(guard_folder), workers=2), "127.0.0.1", port)


def test_an_unknown_guard_or_host_is_told_at_once() -> None:
    for workers in (1, 2):
        with pytest.raises(ModelError, match="no guard 'nowhere'"):
            serve(ServeSettings(model="nowhere", workers=workers), "127.0.0.1", 0)
    with pytest.raises(ServerError, match="cannot listen on no.such.host.invalid port 0"):
        serve(ServeSettings(model="nowhere"), "no.such.host.invalid", 0)
    with pytest.raises(ServerError, match="no host 'a..b'"):
        serve(ServeSettings(model="nowhere"), "a..b", 0)
    with pytest.raises(ServerError, match="no port 70000"):
        serve(ServeSettings(model="nowhere"), "127.0.0.1", 70_000)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_broken_guard_is_one_line_and_starts_no_worker(
    guard_folder: Path, tmp_path: Path, workers: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(guard_folder, broken)
    (broken / "onnx" / "model.onnx").write_bytes(b"not a model")
    options = ["--model", str(broken), "--port", "0", "--workers", workers]
    done = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_the_command_refuses_a_variable_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARMAUG_API_KEYS", " , ")
    with pytest.raises(ConfigError, match="holds no key"):
        command(model="nowhere")


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "fastapi" else real(name)
    )
    with pytest.raises(MissingExtraError) as caught:
        command()
    assert str(caught.value) == "harmaug serve needs fastapi: pip install 'harmaug[serve]'"
