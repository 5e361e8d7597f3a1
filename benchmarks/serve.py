"""The server against the guard in this process: throughput, latency, overload, memory.

64 connections on loopback ask for a bounded time; the load generator shares the cores with the
server, so the shares are on the low side. Run it alone on the machine. CPU time per row, beside
that of the guard in this process, tells the server's own cost even where it does not run alone:

    python -m benchmarks.serve [--model REF] [--data DIR] [--seconds 5] [--soak 600] [--json FILE]

The rows are ToxicChat prompts from ``HARMAUG_DATA``, of natural length; without it, made up. A
soak goes on with one item a request for so many seconds and tells how memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
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


def texts(data: Path | None) -> list[str]:
    """600 prompts of ToxicChat, or made-up ones of natural lengths (log-normal, median 25)."""
    random = np.random.default_rng(0)
    if data is not None:
        path = data / "eval" / "toxicchat_test_human.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            prompts = [json.loads(line)["prompt"] for line in lines]
        return [prompts[index] for index in random.permutation(len(prompts))[:600]]
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


def soak(target: Target, seconds: float) -> list[float]:
    """Memory in MiB at the start and after each tenth of the time, under load."""
    sizes = [resident(target.port)]
    for _ in range(10):
        found = measure(target, 1, CONNECTIONS, seconds / 10)
        if set(found.statuses) != {200}:
            raise SystemExit(f"the soak met {found.statuses}")
        sizes.append(resident(target.port))
    return sizes


def resident(port: int) -> float:
    """The server's memory in MiB."""
    return metric(port, "process_resident_memory_bytes") / 2**20


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


def show(load: Load) -> str:
    """One line."""
    return (
        f"{load.connections} connections, {load.items_per_request} a request: "
        f"{load.items_per_s:.0f} rows/s, {load.share_of_in_process:.0%} of in process, "
        f"p50 {load.p50_ms:.0f} ms, p99 {load.p99_ms:.0f} ms, statuses {load.statuses}, "
        f"CPU a row {load.server_cpu_ms_per_item:.2f} ms "
        f"and {load.client_cpu_ms_per_item:.2f} ms of the load generator"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--soak", type=float, default=0.0, help="seconds of load to watch memory")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    prompts = texts(given.data)
    alone = in_process(Guard.load(given.model), prompts, min(given.seconds, 20.0))
    print(f"in process: {alone.rows_per_s:.0f} rows/s, {alone.cpu_ms:.2f} ms CPU a row", flush=True)
    port = free_port()
    target = Target(prompts, port, alone)
    process = start(given.model, port, queue=CONNECTIONS * 32)
    result: dict[str, object] = {"in_process": asdict(alone)}
    try:
        measure(target, 1, CONNECTIONS, 1.0)
        before = resident(port)
        # The last is four times the load that fills the queue.
        for items, connections in ((1, CONNECTIONS), (32, CONNECTIONS), (32, 4 * CONNECTIONS)):
            load = measure(target, items, connections, given.seconds)
            result[f"{connections} connections, {items} a request"] = asdict(load)
            print(show(load), flush=True)
        result["recovery_s"] = recovery(prompts, port)
        print(f"answers again {result['recovery_s']:.2f} s after the overload")
        print(f"memory {before:.0f} MiB before, {resident(port):.0f} MiB after", flush=True)
        if given.soak:
            result["soak_mib"] = sizes = soak(target, given.soak)
            shown = " ".join(f"{size:.0f}" for size in sizes)
            print(f"memory over {given.soak:.0f} s of load, MiB: {shown}")
    finally:
        process.terminate()
        process.wait()
    if given.json is not None:
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
