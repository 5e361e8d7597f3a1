"""Time and memory of one guard, measured in this process, which does nothing else.

Run as `python -m harmaug.evaluate.profile`: {"source": ..., "pairs": [...]} on standard input,
the fields of `Speed` as a JSON line on standard output.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harmaug.evaluate.sources import GuardSource
from harmaug.scoring import Scorer, TextPair

BUDGET_S = 1.5
WARM_UP = 3
MIN_CALLS = 5
BATCHES = (1, 4, 16, 64, 256)


def main() -> None:
    """Measure what standard input names."""
    payload = json.load(sys.stdin)
    source = GuardSource(**payload["source"])
    pairs: list[TextPair] = [(prompt, response) for prompt, response in payload["pairs"]]
    started = time.perf_counter()
    scorer = source.load(threads=1)
    loaded = time.perf_counter() - started
    one_by_one = sorted(latencies(scorer, pairs))
    threads = _cores()
    if threads > 1:
        scorer = source.load(threads=threads)
    rate, batch = throughput(scorer, pairs)
    figures = {
        "latency_ms": 1000 * statistics.median(one_by_one),
        "latency_p95_ms": 1000 * one_by_one[math.ceil(0.95 * len(one_by_one)) - 1],
        "examples_per_s": rate,
        "batch": batch,
        "threads": threads,
        "peak_memory_bytes": _peak_memory(),
        "load_seconds": loaded,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def latencies(scorer: Scorer, pairs: Sequence[TextPair]) -> list[float]:
    """Return the seconds that each pair takes alone, at most `BUDGET_S` in all."""
    for pair in pairs[:WARM_UP]:
        scorer.log_odds([pair])
    taken: list[float] = []
    for pair in pairs:
        if sum(taken) > BUDGET_S and len(taken) >= MIN_CALLS:
            break
        started = time.perf_counter()
        scorer.log_odds([pair])
        taken.append(time.perf_counter() - started)
    return taken


def throughput(scorer: Scorer, pairs: Sequence[TextPair]) -> tuple[float, int]:
    """Return the best rate in examples per second, and the batch size that gave it."""
    best, best_batch = 0.0, 0
    for batch in BATCHES:
        rate = _rate(scorer, pairs, batch)
        if rate > best:
            best, best_batch = rate, batch
    return best, best_batch


def _rate(scorer: Scorer, pairs: Sequence[TextPair], batch: int) -> float:
    done, at, seconds = 0, 0, 0.0
    while seconds < BUDGET_S / len(BATCHES):
        rows = [pairs[(at + offset) % len(pairs)] for offset in range(batch)]
        started = time.perf_counter()
        scorer.log_odds(rows)
        seconds += time.perf_counter() - started
        done, at = done + batch, at + batch
    return done / seconds


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


def _peak_memory() -> int:
    """Return the most memory this process held, in bytes; on a GPU, what it held there.

    Linux carries ru_maxrss over from the parent through exec, so the kernel's own high-water
    mark of this program's memory is read instead.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
