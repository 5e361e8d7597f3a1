"""What `distill.precision` costs on this machine: the quickstart's student in both.

``python -m benchmarks.precision [--steps N] [--rounds N]`` needs the ``train`` extra. It
takes 700 rows of the quickstart's D, without a teacher; the rounds take turns, and each precision's
fastest round counts.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Literal

from benchmarks.distill import labelled_pairs

from harmaug.config import DistillConfig
from harmaug.distill import distill
from harmaug.distill.compute import choose_compute
from harmaug.rows import ScoredPair

PRECISIONS: tuple[Literal["float32", "bfloat16"], ...] = ("float32", "bfloat16")
ROWS = 700


def tokens_per_second(pairs: list[ScoredPair], precision: str, steps: int) -> float:
    """Distil for some steps, and say how fast that was."""
    config = DistillConfig.model_validate(
        {
            "student": "embedded-encoder",
            "steps": steps,
            "batch_size": 32,
            "learning_rate": 2e-4,
            "warmup_steps": 2,
            "max_length": 128,
            "validations": 1,
            "precision": precision,
            "quantise": False,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        found = distill(pairs, config, seed=1, tau=0.5, out=Path(folder) / "student")
    return found.tokens / found.seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    pairs = labelled_pairs(("quickstart",), ROWS)
    best = dict.fromkeys(PRECISIONS, 0.0)
    for _ in range(given.rounds):
        for name in PRECISIONS:
            best[name] = max(best[name], tokens_per_second(pairs, name, given.steps))
    for name, rate in best.items():
        print(f"{name:9} {rate:7,.0f} tokens/s, {rate / best['float32']:.2f} of float32")
    print(f"auto takes {choose_compute('auto').name}")


if __name__ == "__main__":
    main()
