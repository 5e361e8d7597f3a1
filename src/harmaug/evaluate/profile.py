"""Time and memory of one guard, measured in this process, which does nothing else.

Run as `python -m harmaug.evaluate.profile`: {"source": ..., "pairs": [...]} on standard input,
the fields of `Speed` as a JSON line on standard output.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harmaug.evaluate.energy import Measurement, Meter, gpus, packages
from harmaug.evaluate.sources import GuardSource
from harmaug.guard.engine import available_threads
from harmaug.scoring import Scorer, TextPair

BUDGET_S = 4.0
ENERGY_S = 2.0
WARM_UP = 3
MIN_CALLS = 5
REPEATS = 3
BATCHES = (1, 4, 16, 64, 256)


def main() -> None:
    """Measure what standard input names."""
    payload = json.load(sys.stdin)
    source = GuardSource(**payload["source"])
    pairs: list[TextPair] = [(prompt, response) for prompt, response in payload["pairs"]]
    # Where time ends before the pairs do, those that were read are to be like all of them.
    random.Random(0).shuffle(pairs)
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
    joules, devices = energy(scorer, pairs, batch, gpus() if _on_gpu() else packages())
    figures = {
        "latency_ms": 1000 * statistics.median(one_by_one),
        "latency_mean_ms": 1000 * statistics.fmean(one_by_one),
        "latency_p95_ms": 1000 * one_by_one[math.ceil(0.95 * len(one_by_one)) - 1],
        "examples_per_s": rate,
        "batch": batch,
        "threads": threads,
        "peak_memory_bytes": peak_memory(),
        "load_seconds": loaded,
        "core_share": None if _on_gpu() else share,
        "joules_per_example": joules,
        "energy_of": devices,
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
    rates: dict[int, float] = {}
    for batch in BATCHES:
        rates[batch] = _rate(scorer, pairs, batch)
        if batch / rates[batch] > BUDGET_S:
            break  # a larger batch is a call of many times the budget
    best = max(rates, key=lambda batch: rates[batch])
    return rates[best], best


def energy(
    scorer: Scorer, pairs: Sequence[TextPair], batch: int, meters: Sequence[Meter]
) -> tuple[float | None, str | None]:
    """Return joules an example at `batch` examples a call, and the devices that counted them."""
    if not meters:
        return None, None
    measurement, examples, started = Measurement(meters), 0, time.perf_counter()
    while not examples or time.perf_counter() - started < ENERGY_S:
        examples += _pass(scorer, pairs, batch)[0]
    counted = measurement.end()
    return (None, None) if counted is None else (counted.joules / examples, counted.devices)


def _rate(scorer: Scorer, pairs: Sequence[TextPair], batch: int) -> float:
    """Return the best rate of passes over all pairs, so that every batch size reads the same.

    There is one pass, and as many more as the budget of a batch size has room for.
    """
    rates: list[float] = []
    left = BUDGET_S / len(BATCHES)
    while True:
        examples, seconds = _pass(scorer, pairs, batch)
        rates.append(examples / seconds)
        left -= seconds
        if left < seconds:
            return max(rates)


def _pass(scorer: Scorer, pairs: Sequence[TextPair], batch: int) -> tuple[int, float]:
    """Score all pairs, at least one batch; return how many, and the seconds.

    A pass that goes on for longer than the budget ends after the batch at hand.
    """
    examples, started = 0, time.perf_counter()
    while examples < len(pairs) and (not examples or time.perf_counter() - started < BUDGET_S):
        rows = [pairs[(examples + offset) % len(pairs)] for offset in range(batch)]
        scorer.log_odds(rows)
        examples += batch
    return examples, time.perf_counter() - started


def _seconds(scorer: Scorer, pairs: Sequence[TextPair]) -> float:
    started = time.perf_counter()
    scorer.log_odds(pairs)
    return time.perf_counter() - started


def _on_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_available())


def peak_memory() -> int:
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
