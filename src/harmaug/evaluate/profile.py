"""Time and memory of one guard, measured in this process, which does nothing else.

Run as `python -m harmaug.evaluate.profile`: {"source": ..., "pairs": [...]} on standard input,
the fields of `Speed` as a JSON line on standard output.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harmaug.evaluate.sources import GuardSource
from harmaug.guard.engine import available_threads
from harmaug.scoring import Scorer, TextPair

BUDGET_S = 1.5
WARM_UP = 3
MIN_CALLS = 5
REPEATS = 3
BATCHES = (1, 4, 16, 64, 256)


def main() -> None:
    """Measure what standard input names."""
    payload = json.load(sys.stdin)
    source = GuardSource(**payload["source"])
    pairs: list[TextPair] = [(prompt, response) for prompt, response in payload["pairs"]]
    started = time.perf_counter()
    scorer = source.load(threads=1)
    loaded = time.perf_counter() - started
    worked, started = time.process_time(), time.perf_counter()
    one_by_one = sorted(latencies(scorer, pairs))
    # Helper threads (the tokenizer's) add time of their own: more than one core counts as one.
    share = min(1.0, (time.process_time() - worked) / (time.perf_counter() - started))
    threads = available_threads()
    if threads > 1:
        del scorer  # the peak is that of one guard
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
        "core_share": None if _on_gpu() else share,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def latencies(scorer: Scorer, pairs: Sequence[TextPair]) -> list[float]:
    """Return the seconds that each pair takes alone: the best of three, `BUDGET_S` in all.

    The best of three leaves out what other processes took.
    """
    for pair in pairs[:WARM_UP]:
        scorer.log_odds([pair])
    taken: list[float] = []
    started = time.perf_counter()
    for pair in pairs:
        taken.append(min(_seconds(scorer, [pair]) for _ in range(REPEATS)))
        if time.perf_counter() - started > BUDGET_S and len(taken) >= MIN_CALLS:
            break
    return taken


def throughput(scorer: Scorer, pairs: Sequence[TextPair]) -> tuple[float, int]:
    """Return the best rate in examples per second, and the batch size that gave it."""
    rates = {batch: _rate(scorer, pairs, batch) for batch in BATCHES}
    best = max(rates, key=lambda batch: rates[batch])
    return rates[best], best


def _rate(scorer: Scorer, pairs: Sequence[TextPair], batch: int) -> float:
    """Return the median rate of calls with `batch` examples, for a fifth of the budget."""
    rates: list[float] = []
    at, started = 0, time.perf_counter()
    while not rates or time.perf_counter() - started < BUDGET_S / len(BATCHES):
        rows = [pairs[(at + offset) % len(pairs)] for offset in range(batch)]
        rates.append(batch / _seconds(scorer, rows))
        at += batch
    return statistics.median(rates)


def _seconds(scorer: Scorer, pairs: Sequence[TextPair]) -> float:
    started = time.perf_counter()
    scorer.log_odds(pairs)
    return time.perf_counter() - started


def _on_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_available())


def _peak_memory() -> int:
    """Return the most memory this process held, in bytes; on a GPU, what it held there.

    Linux carries ru_maxrss over from the parent through exec, so the kernel's own high-water
    mark of this program's memory is read instead.
    """
    if _on_gpu():
        return int(sys.modules["torch"].cuda.max_memory_allocated())
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
