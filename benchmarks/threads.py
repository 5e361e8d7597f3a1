"""Training on all cores, alone and beside another training, by how its threads wait.

``python -m benchmarks.threads [--steps N] [--rounds N]`` needs the ``train`` extra, on Linux. Each
training is a process of its own, the quickstart's student on random tokens, with the threads of
torch waiting as GNU's OpenMP has it, as the command line has it (`harmaug.threads`), and as they do
when they sleep at once. The other training has one thread, and goes where it likes or is bound to
a core, as jobs on servers are. Medians of the steps; the rounds take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harmaug.threads import wait_briefly

STEP = """
import statistics, sys, time
import torch
from transformers import AutoModelForSequenceClassification
torch.manual_seed(0)
model = AutoModelForSequenceClassification.from_pretrained("models/encoder").train()
optimizer = torch.optim.AdamW(model.parameters())
rows, labels = torch.randint(model.config.vocab_size, (32, 40)), torch.zeros(32, dtype=torch.long)
taken = []
for _ in range(int(sys.argv[1])):
    started = time.perf_counter()
    model(rows, labels=labels).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    taken.append(time.perf_counter() - started)
print(statistics.median(taken[2:]))
"""
NEVER_ENDING = str(10**9)


def waits() -> Mapping[str, Mapping[str, str]]:
    """By name, what is set in a training's environment."""
    ours: dict[str, str] = {}
    wait_briefly(ours)
    return {"as it is": {}, "harmaug": ours, "passive": {"OMP_WAIT_POLICY": "passive"}}


@contextmanager
def another(cores: set[int]) -> Iterator[None]:
    """With another training on one thread and some of `cores`; without one where there are none."""
    if not cores:
        yield
        return
    command = [sys.executable, "-c", STEP, NEVER_ENDING]
    with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
        os.sched_setaffinity(process.pid, cores)
        try:
            yield
        finally:
            process.kill()


def step_seconds(steps: int, settings: Mapping[str, str]) -> float:
    """The median step of one training."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    command = [sys.executable, "-c", STEP, str(steps)]
    done = subprocess.run(
        command, env={**kept, **settings}, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    everywhere = os.sched_getaffinity(0)
    for where, cores in {
        "alone": set[int](),
        "beside another training": everywhere,
        "beside one that is bound to a core": {min(everywhere)},
    }.items():
        found: dict[str, list[float]] = {name: [] for name in waits()}
        with another(cores):
            for _ in range(given.rounds):
                for name, settings in waits().items():
                    found[name].append(step_seconds(given.steps, settings))
        first = statistics.median(found["as it is"])
        print(where)
        for name, seconds in found.items():
            middle = statistics.median(seconds)
            print(f"  {name}: {1000 * middle:.0f} ms a step, {first / middle:.2f} times as fast")


if __name__ == "__main__":
    main()
