"""The server against the guard in this process: throughput, latency, overload, memory.

64 connections on loopback ask for a bounded time; the load generator shares the cores with the
server, so the shares are on the low side. Run it alone on the machine. CPU time per row, beside
that of the guard in this process, tells the server's own cost even where it does not run alone:

    python -m benchmarks.serve [--model REF] [--rows FILE.jsonl] [--seconds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np

from harmaug.guard import Guard

CONNECTIONS = 64
WORDS = ["the", "of", "a", "to", "how", "do", "I", "write", "bread", "house", "people", "water"]


@dataclass(frozen=True)
class Rate:
    """Rows per second, and CPU milliseconds per row."""

    rows_per_s: float
    cpu_ms: float


@dataclass(frozen=True)
class Target:
    """A server, what it is asked, and the guard in this process beside it."""

    prompts: list[str]
    port: int
    alone: Rate


@dataclass(frozen=True)
class Load:
    """What a load came to; latencies in milliseconds."""

    items_per_request: int
    connections: int
    items_per_s: float
    share_of_in_process: float
    server_cpu_ms_per_item: float
    client_cpu_ms_per_item: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


def texts(path: Path | None) -> list[str]:
    """Prompts of a file, or made-up ones with natural lengths (log-normal, median 25 words)."""
    if path is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["prompt"] for line in lines[:600]]
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(np.log(25), 0.9, 600), 3, 250).astype(int)
    return [" ".join(random.choice(WORDS, length)) for length in lengths]


def in_process(guard: Guard, prompts: list[str], seconds: float) -> Rate:
    """The rate of `Guard.verdicts` over all prompts at once."""
    guard.verdicts(prompts[:50])
    started, cpu, rows = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < seconds:
        guard.verdicts(prompts)
        rows += len(prompts)
    spent = time.process_time() - cpu
    return Rate(rows / (time.perf_counter() - started), spent / rows * 1000)


def requests(prompts: list[str], items: int, port: int) -> list[bytes]:
    """Whole HTTP requests, so that sending them costs next to nothing."""
    made = []
    for start in range(0, len(prompts) - items + 1, items):
        body = json.dumps({"items": [{"prompt": text} for text in prompts[start : start + items]]})
        head = (
            f"POST /v1/check HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json"
        )
        made.append(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    return made


async def load(
    bodies: list[bytes], port: int, connections: int, seconds: float
) -> tuple[list[float], Counter[int], float]:
    """Ask over so many connections; latencies of answers that are 200, statuses, seconds."""
    numbers = count()
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    started = time.perf_counter()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - started < seconds:
            sent = time.perf_counter()
            writer.write(bodies[next(numbers) % len(bodies)])
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            length = re.search(rb"content-length: (\d+)", head.lower())
            await reader.readexactly(int(length[1]) if length else 0)
            statuses[status] += 1
            if status == 200:
                latencies.append(time.perf_counter() - sent)
            else:
                await asyncio.sleep(0.1)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return latencies, statuses, time.perf_counter() - started


def measure(target: Target, items: int, connections: int, seconds: float) -> Load:
    """Run one load and sum it up."""
    bodies = requests(target.prompts, items, target.port)
    server, client = metric(target.port, "process_cpu_seconds_total"), time.process_time()
    latencies, statuses, took = asyncio.run(load(bodies, target.port, connections, seconds))
    client = time.process_time() - client
    server = metric(target.port, "process_cpu_seconds_total") - server
    p50, p99 = np.percentile(np.array(latencies or [np.nan]) * 1000, [50, 99])
    rows = statuses[200] * items
    return Load(
        items_per_request=items,
        connections=connections,
        items_per_s=rows / took,
        share_of_in_process=rows / took / target.alone.rows_per_s,
        server_cpu_ms_per_item=server / max(1, rows) * 1000,
        client_cpu_ms_per_item=client / max(1, rows) * 1000,
        p50_ms=float(p50),
        p99_ms=float(p99),
        statuses=dict(sorted(statuses.items())),
    )


def metric(port: int, name: str) -> float:
    """One number of the server's metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        found = re.search(rf"^{name} (\S+)", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else float("nan")


def recovery(prompts: list[str], port: int) -> float:
    """Seconds until one request is answered with 200 after the overload has ended."""
    started = time.perf_counter()
    body = json.dumps({"prompt": prompts[0]}).encode()
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/check", body).read()
        except OSError:
            time.sleep(0.02)
        else:
            return time.perf_counter() - started


def start(model: str, port: int, queue: int) -> subprocess.Popen[bytes]:
    """Start `harmaug serve` and wait until it is ready."""
    code = "from harmaug.cli import main; main()"
    options = ["--model", model, "--port", str(port), "--queue", str(queue), "--max-items", "32"]
    process = subprocess.Popen([sys.executable, "-c", code, "serve", *options])
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").read()
        except OSError:
            time.sleep(0.1)
        else:
            return process
    raise SystemExit("the server did not start")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    prompts = texts(given.rows)
    alone = in_process(Guard.load(given.model), prompts, given.seconds)
    print(f"in process: {alone.rows_per_s:.0f} rows/s, {alone.cpu_ms:.2f} ms CPU a row")
    port = free_port()
    target = Target(prompts, port, alone)
    process = start(given.model, port, queue=CONNECTIONS * 32)
    try:
        measure(target, 1, CONNECTIONS, 1.0)
        before = metric(port, "process_resident_memory_bytes") / 2**20
        loads = [measure(target, items, CONNECTIONS, given.seconds) for items in (1, 32)]
        # Four times the load that fills the queue.
        loads.append(measure(target, 32, 4 * CONNECTIONS, given.seconds))
        recovered = recovery(prompts, port)
        after = metric(port, "process_resident_memory_bytes") / 2**20
    finally:
        process.terminate()
        process.wait()
    for each in loads:
        print(
            f"{each.connections} connections, {each.items_per_request} a request: "
            f"{each.items_per_s:.0f} rows/s, {each.share_of_in_process:.0%} of in process, "
            f"p50 {each.p50_ms:.0f} ms, p99 {each.p99_ms:.0f} ms, statuses {each.statuses}, "
            f"CPU a row {each.server_cpu_ms_per_item:.2f} ms "
            f"and {each.client_cpu_ms_per_item:.2f} ms of the load generator"
        )
    print(f"answers again {recovered:.2f} s after the overload")
    print(f"memory {before:.0f} MiB before, {after:.0f} MiB after")
    if given.json is not None:
        result = {"in_process": asdict(alone), "loads": [asdict(each) for each in loads]}
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
