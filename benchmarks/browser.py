"""The exported web guard in a real headless Chromium, beside the guard in Python.

`python -m benchmarks.browser [--model REF] [--rows N]`: loading, one prompt of 36 tokens, rows of
natural lengths one after the other, and how far the scores are apart. One thread each.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tests.browsers import chromium, static_server

from harmaug.export.choices import Target
from harmaug.export.targets import export
from harmaug.guard import Guard
from harmaug.scoring import FloatArray, TextPair

if TYPE_CHECKING:
    from playwright.sync_api import Page

AUTHORED = Path("data/authored")
PROMPT = (
    "My cat scratches the sofa when I am away at work for the whole day. How can I teach her to "
    "use the post that I bought for her instead?"
)
LOAD = (
    "async () => { const { Guard } = await import('/guard.js'); self.guard = await Guard.load(); }"
)
REPEAT = """async ([prompt, times]) => {
  const taken = [];
  for (let run = 0; run < times; run++) {
    const start = performance.now();
    await guard.check(prompt);
    taken.push(performance.now() - start);
  }
  return taken;
}"""
SCORES = """async rows => {
  const scores = [];
  for (const [prompt, response] of rows) scores.push((await guard.check(prompt, response)).score);
  return scores;
}"""
TIMES = 200


def main() -> None:
    """Export, run both, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--rows", type=int, default=400)
    arguments = parser.parse_args()
    rows = _rows(arguments.rows)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        export(arguments.model, Path(folder), Target.WEB)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        with static_server(Path(folder)) as address:
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            start = time.perf_counter()
            page.evaluate(LOAD)
            loaded = time.perf_counter() - start
            context.set_offline(True)
            print(f"Chromium {browser.version}; {size / 1e6:.1f} MB; loaded in {loaded:.2f} s")
            there = _browser(page, rows)
    here = _python(arguments.model, rows)
    apart = np.abs(there - here)
    threshold = Guard.load(arguments.model).threshold
    equal = np.mean((there >= threshold) == (here >= threshold))
    print(
        f"{len(rows)} rows: {equal:.2%} of verdicts equal; scores: mean difference "
        f"{apart.mean():.5f}, 99% within {np.quantile(apart, 0.99):.5f}, largest {apart.max():.5f}"
    )


def _rows(count: int) -> list[TextPair]:
    rows = [
        (row["prompt"], row["response"])
        for path in sorted(AUTHORED.glob("*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]
    return random.Random(0).sample(rows, count)


def _browser(page: Page, rows: list[TextPair]) -> FloatArray:
    page.evaluate(REPEAT, [PROMPT, 20])
    _print("browser", page.evaluate(REPEAT, [PROMPT, TIMES]))
    start = time.perf_counter()
    scores = page.evaluate(SCORES, rows)
    print(f"browser: {len(rows) / (time.perf_counter() - start):.1f} rows/s")
    return np.array(scores)


def _python(model: str, rows: list[TextPair]) -> FloatArray:
    guard = Guard.load(model, threads=1)
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        guard.check(PROMPT)
        taken.append(1e3 * (time.perf_counter() - start))
    _print("Python", taken)
    start = time.perf_counter()
    scores = [verdict.score for verdict in guard.verdicts(rows)]
    print(f"Python: {len(rows) / (time.perf_counter() - start):.1f} rows/s")
    return np.array(scores)


def _print(where: str, milliseconds: list[float]) -> None:
    low, middle, high = np.quantile(milliseconds, [0.05, 0.5, 0.95])
    print(f"{where}: one prompt {middle:.1f} ms (5% to 95%: {low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
