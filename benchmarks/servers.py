"""Does the client keep a server full? ``python -m benchmarks.servers [--slots N] [--rows N]``.

A server of N slots answers each request after a time drawn for it, as a model does that writes
answers of different lengths. The bare load generator is an httpx loop that throws answers away;
the client also journals each answer on disk, looks for what must not be kept and counts. Both ask
the same questions of the same server, in turns; what counts is the ratio. Each runs in a process
of its own, as does the server. docs/servers.md has the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.llm.base import Request, load_llm

TEXT = "Mix flour, water and salt, let it rest for a night, and bake it in a hot pan. " * 4
ANSWER = json.dumps(
    {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 80},
    }
).encode()
SAMPLING = SamplingConfig(max_new_tokens=80)


def main() -> None:
    """Run the server, then bare and client in turns, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--part", type=int, default=4096, help="rows that the client takes at once")
    parser.add_argument("--seconds", type=float, default=0.4, help="mean time of an answer")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=("server", "bare", "client"))
    parser.add_argument("--url")
    arguments = parser.parse_args()
    if arguments.only == "server":
        asyncio.run(_serve(arguments.slots, arguments.seconds))
        return
    if arguments.only:
        questions = _questions(arguments.rows)
        if arguments.only == "bare":
            print(asyncio.run(_bare(arguments.url, questions, arguments.slots)))
        else:
            print(_client(arguments.url, questions, arguments.slots, arguments.part))
        return
    results = _compare(arguments)
    print(", ".join(f"{name} {value:,.4g}" for name, value in results.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2))


def _compare(arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.servers", "--slots", str(arguments.slots)]
    size = ["--rows", str(arguments.rows), "--part", str(arguments.part)]
    server = subprocess.Popen(
        [*command, "--seconds", str(arguments.seconds), "--only", "server"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        seconds: dict[str, list[float]] = {"bare": [], "client": []}
        for _ in range(arguments.repeats):
            for name, found in seconds.items():
                asking = [*command, *size, "--only", name, "--url", url]
                done = subprocess.run(asking, check=True, capture_output=True, text=True)
                found.append(float(done.stdout))
    finally:
        server.kill()
        server.wait()
    bare, client = (statistics.median(seconds[name]) for name in ("bare", "client"))
    return {
        "slots": arguments.slots,
        "most possible, requests/s": arguments.slots / arguments.seconds,
        "bare, requests/s": arguments.rows / bare,
        "client, requests/s": arguments.rows / client,
        "client / bare": bare / client,
    }


def _questions(rows: int) -> list[Request]:
    text = "How do I bake bread without an oven? Write a recipe in a few sentences. "
    return [
        Request(f"r{row}", ({"role": "user", "content": f"{text * 3}{row}"},), None, row)
        for row in range(rows)
    ]


def _client(url: str, questions: list[Request], slots: int, part: int) -> float:
    """Return the seconds that the client takes, its journal on disk."""
    config = LLMConfig(backend="openai", model="m", base_url=url, concurrency=slots)
    with tempfile.TemporaryDirectory() as folder:
        llm = load_llm(config, Path(folder) / "journal.sqlite")
        started = time.perf_counter()
        for start in range(0, len(questions), part):
            answers = llm.complete(questions[start : start + part], SAMPLING)
            assert all(answer.text for answer in answers)
        return time.perf_counter() - started


async def _bare(url: str, questions: list[Request], slots: int) -> float:
    """Return the seconds that nothing but asking takes."""
    waiting = iter(questions)
    limits = httpx.Limits(max_connections=slots, max_keepalive_connections=slots)
    async with httpx.AsyncClient(base_url=f"{url}/", limits=limits, timeout=60.0) as client:

        async def work() -> None:
            for question in waiting:
                body = {
                    "model": "m",
                    "max_tokens": SAMPLING.max_new_tokens,
                    "temperature": 1.0,
                    "seed": question.seed,
                    "messages": list(question.messages),
                }
                (await client.post("chat/completions", json=body)).raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(slots)))
        return time.perf_counter() - started


async def _serve(slots: int, mean: float) -> None:
    """Answer in 0.5 to 1.5 times the mean, at most `slots` at once; print the address."""
    free = asyncio.Semaphore(slots)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(ANSWER)}\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                fields = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(fields.split(b"content-length:")[1].split(b"\r\n")[0])
                seed = json.loads(await reader.readexactly(size))["seed"]
                async with free:
                    await asyncio.sleep(mean * (0.5 + seed * 7919 % 1000 / 1000))
                writer.write(head + ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    main()
