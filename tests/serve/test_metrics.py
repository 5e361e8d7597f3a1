"""What `/metrics` tells, in the format that Prometheus reads."""

from __future__ import annotations

import re

import httpx
from tests.serve.conftest import running

from harmaug.guard import Guard
from harmaug.serve.metrics import Histogram
from harmaug.serve.settings import ServeSettings

SAMPLE = re.compile(r'[a-z_]+(?:\{(?:[a-z]+="[^"\n]*",?)+\})? (?:[\d.e+-]+|NaN)')


def test_requests_and_items_are_counted(guard: Guard) -> None:
    with running(guard, ServeSettings(max_items=3)) as base:
        httpx.post(f"{base}/v1/check", json={"items": [{"prompt": "a"}] * 3})
        httpx.post(f"{base}/v1/check", json={"items": [{"prompt": "a"}] * 4})
        httpx.post(f"{base}/v1/made/up/{'x' * 50}", json={})
        answer = httpx.get(f"{base}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    for line in lines:
        assert line.startswith(("# HELP ", "# TYPE ")) or SAMPLE.fullmatch(line), line
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert samples['harmaug_requests_total{path="/v1/check",status="200"}'] == "1"
    assert samples['harmaug_requests_total{path="/v1/check",status="422"}'] == "1"
    assert samples['harmaug_requests_total{path="other",status="404"}'] == "1"
    judged = [value for name, value in samples.items() if name.startswith("harmaug_items_total")]
    assert sum(map(int, judged)) == 3
    assert samples["harmaug_queue_items"] == "0"
    assert float(samples["process_resident_memory_bytes"]) > 1e6


def test_a_histogram_counts_upwards_and_includes_its_bounds() -> None:
    histogram = Histogram("size", "Sizes.", (1, 2), ("of",))
    for value in (0.5, 1, 2, 3):
        histogram.observe(value, "it")
    assert list(histogram.lines())[2:] == [
        'size_bucket{of="it",le="1"} 2',
        'size_bucket{of="it",le="2"} 3',
        'size_bucket{of="it",le="+Inf"} 4',
        'size_sum{of="it"} 6.5',
        'size_count{of="it"} 4',
    ]
