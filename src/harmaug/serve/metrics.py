"""Counters and histograms in Prometheus' text format (version 0.0.4), of one process."""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128)


class Counter:
    """A number that grows, one for each combination of label values."""

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        self.name, self.about, self.labels = name, about, tuple(labels)
        self._values: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def add(self, amount: float, *values: str) -> None:
        """Add to the number with these label values."""
        self._values[values] += amount

    def lines(self) -> Iterator[str]:
        """Render."""
        yield from _head(self.name, self.about, "counter")
        if not self.labels:
            yield f"{self.name} {self._values[()]:g}"
            return
        for values, number in sorted(self._values.items()):
            yield f"{self.name}{_labels(self.labels, values)} {number:.15g}"


class Histogram:
    """How often a value fell below each bound."""

    def __init__(
        self, name: str, about: str, bounds: Sequence[float], labels: Sequence[str] = ()
    ) -> None:
        self.name, self.about, self.labels = name, about, tuple(labels)
        self._bounds = tuple(bounds)
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def observe(self, value: float, *values: str) -> None:
        """Count one value."""
        counts = self._counts.setdefault(values, [0] * (len(self._bounds) + 1))
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[values] += value

    def lines(self) -> Iterator[str]:
        """Render."""
        yield from _head(self.name, self.about, "histogram")
        for values, counts in sorted(self._counts.items()):
            total = 0
            for bound, count in zip((*map(str, self._bounds), "+Inf"), counts, strict=True):
                total += count
                place = _labels((*self.labels, "le"), (*values, bound))
                yield f"{self.name}_bucket{place} {total}"
            place = _labels(self.labels, values)
            yield f"{self.name}_sum{place} {self._sums[values]:.15g}"
            yield f"{self.name}_count{place} {total}"


class Gauge:
    """A number that is asked for when it is wanted."""

    def __init__(
        self, name: str, about: str, read: Callable[[], float], kind: str = "gauge"
    ) -> None:
        self.name, self.about, self.kind, self._read = name, about, kind, read

    def lines(self) -> Iterator[str]:
        """Render."""
        yield from _head(self.name, self.about, self.kind)
        yield f"{self.name} {self._read():.15g}"


class Metrics:
    """What a server counts."""

    def __init__(self) -> None:
        self.requests = Counter("harmaug_requests_total", "Requests answered.", ("path", "status"))
        self.seconds = Histogram(
            "harmaug_request_seconds", "Time from request to answer.", _SECONDS, ("path",)
        )
        self.items = Counter("harmaug_items_total", "Items answered.", ("verdict",))
        self.batch_items = Histogram("harmaug_batch_items", "Items in a batch.", _ITEMS)
        self.batch_seconds = Histogram("harmaug_batch_seconds", "Time of a batch.", _SECONDS)
        started = time.time()
        self.gauges = [
            Gauge("process_resident_memory_bytes", "Memory of this process.", resident_bytes),
            Gauge("process_cpu_seconds_total", "CPU time.", time.process_time, "counter"),
            Gauge("process_start_time_seconds", "When it started, Unix time.", lambda: started),
        ]

    def render(self) -> str:
        """Return everything as text."""
        kinds: list[Counter | Histogram | Gauge] = [
            self.requests,
            self.seconds,
            self.items,
            self.batch_items,
            self.batch_seconds,
            *self.gauges,
        ]
        lines = [line for kind in kinds for line in kind.lines()]
        return "\n".join(lines) + "\n"


def resident_bytes() -> float:
    """Memory of this process, NaN where the system does not tell (only Linux does)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return float("nan")
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def _head(name: str, about: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = zip(names, values, strict=True)
    inner = ",".join(f'{name}="{value}"' for name, value in pairs)
    return f"{{{inner}}}" if inner else ""
