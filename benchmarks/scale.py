"""Data beyond memory: ``python -m benchmarks.scale [--rows N] [--near N] [--workers N]``.

Rows go through the respond and the label stage with models of zero cost, so that what is timed is
the executor and the store. Then the last 10% of the labels are taken away, and a fresh process
goes on. Then instructions, one in ten a near-copy, go through the filters. Each runs in a process
of its own; memory is the most that it and its workers hold together, sampled ten times a second.
docs/scale.md has figures, and says at what size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harmaug.augment.keep import Keeper
from harmaug.config import ExecutorConfig, GenerateConfig, RespondConfig, SamplingConfig
from harmaug.executors.local import LocalExecutor
from harmaug.llm.base import Completion, Request
from harmaug.progress import Quiet
from harmaug.rows import Instruction, Pair, ResponseKind, ResponseTask, ScoredPair
from harmaug.runs.parts import ComputedParts, PartFolder
from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.stages.asking import AskingWorker
from harmaug.stages.label import LabelWorker
from harmaug.stages.respond import RespondStage

PART_ROWS = 8_190
KINDS: tuple[ResponseKind, ...] = ("refusal", "harmful", "empty")
ENDS = ("ake", "ell", "ind", "oft", "unt", "ander", "ilver", "over", "ust")
WORDS = [first + end for first in "bdfgklmnprstvw" for end in ENDS]
SECONDS_BETWEEN_SAMPLES = 0.1


def main() -> None:
    """Run every part in a process of its own and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--near", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=("respond", "label", "resume", "near"))
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(_measure(arguments)))
        return
    results = {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for name in ("respond", "label", "resume", "near"):
            results[name] = _child(name, arguments, Path(folder))
            print(f"{name:<8} " + ", ".join(f"{k} {v:,.6g}" for k, v in results[name].items()))
    both = results["respond"]["seconds"] + results["label"]["seconds"]
    print(f"respond and label together: {arguments.rows / both:,.0f} rows/s")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _child(name: str, arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Measure one part in a fresh process, watching its memory."""
    if name == "resume":
        _take_away(folder / "label")
    command = [sys.executable, "-m", "benchmarks.scale", "--only", name, "--folder", str(folder)]
    sizes = ["rows", "near", "workers"]
    command += [word for size in sizes for word in (f"--{size}", str(getattr(arguments, size)))]
    began = time.time()
    samples: list[float] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        while process.poll() is None:
            samples.append(_megabytes(process.pid))
            time.sleep(SECONDS_BETWEEN_SAMPLES)
        output = process.stdout.read() if process.stdout else ""
    if process.returncode != 0:
        sys.exit(f"{name} failed")
    measured: dict[str, float] = json.loads(output.splitlines()[-1])
    if "first_batch_at" in measured:
        measured["start_s"] = measured.pop("first_batch_at") - began
    half = samples[len(samples) // 4 : len(samples) // 2]
    return {**measured, "MB_at_first": float(np.median(half)), "MB_at_most": max(samples)}


def _measure(arguments: argparse.Namespace) -> dict[str, float]:
    if arguments.only == "near":
        return near(arguments.near)
    folder: Path = arguments.folder
    stage: Respond | Label = Respond() if arguments.only == "respond" else Label()
    first = _FirstBatch()
    executor = LocalExecutor(ExecutorConfig(workers=arguments.workers))
    began, cpu = time.perf_counter(), time.process_time()
    pairs = PartFolder(folder / "pairs", Pair)
    if isinstance(stage, Respond):
        executor.run("respond", stage, tasks(arguments.rows), pairs, first)
    else:
        executor.run("label", stage, pairs, PartFolder(folder / "label", ScoredPair), first)
    seconds = time.perf_counter() - began
    if arguments.only == "resume":
        return {"seconds": seconds, "first_batch_at": first.at}
    return {
        "seconds": seconds,
        "rows_per_s": arguments.rows / seconds,
        "cpu_s": time.process_time() - cpu,
        "MB_on_disk": sum(f.stat().st_size for f in folder.rglob("*.parquet")) / 1e6,
    }


def tasks(rows: int) -> ComputedParts[ResponseTask]:
    """Present the tasks of rows/3 instructions, three a piece, without holding them."""

    def part(number: int) -> list[ResponseTask]:
        first = number * PART_ROWS // len(KINDS)
        last = min(first + PART_ROWS // len(KINDS), rows // len(KINDS))
        return [task for instruction in range(first, last) for task in _tasks(instruction)]

    return ComputedParts(-(-rows // PART_ROWS), part)


def _tasks(number: int) -> list[ResponseTask]:
    name, text = f"gen:{number}", _text(number, 16)
    return [ResponseTask(f"{name}:{kind}", number, number, name, text, kind) for kind in KINDS]


def _text(number: int, words: int) -> str:
    """Write words that differ from one number to the next, at no cost to speak of."""
    state = number * 2_654_435_761 + 12_345
    chosen = []
    for _ in range(words):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & (2**64 - 1)
        chosen.append(WORDS[(state >> 33) % len(WORDS)])
    return " ".join(chosen)


@dataclass(frozen=True)
class FreeLLM:
    """Answers at once."""

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Answer each with its own prompt turned round."""
        texts = (f"{request.messages[-1]['content'][::-1]} {request.seed}" for request in requests)
        return [Completion(text, None, 20, sampling.max_new_tokens) for text in texts]


@dataclass(frozen=True)
class Respond:
    """The respond stage, its models free."""

    def setup(self) -> AskingWorker[ResponseTask, Pair]:
        """Load nothing."""
        stage = RespondStage(RespondConfig())
        return AskingWorker(stage, {role: FreeLLM() for role in stage.roles()})


@dataclass(frozen=True)
class FreeTeacher:
    """Scores by length."""

    @property
    def info(self) -> ScorerInfo:
        """Say that this is no model."""
        return ScorerInfo("free", "", "recorded", "", "python")

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Score each pair by its length."""
        return np.array([len(prompt) % 13 - 6.5 for prompt, _ in pairs])


@dataclass(frozen=True)
class Label:
    """The label stage, its teacher free."""

    def setup(self) -> LabelWorker:
        """Load nothing."""
        return LabelWorker(FreeTeacher())


class _FirstBatch(Quiet):
    """Notes when the work that was missing began: the executor then knows what is there."""

    def __init__(self) -> None:
        self.at = 0.0
        self._told = 0

    def advance(self, steps: int, note: str = "") -> None:
        """The first call tells of what was found, the second of the first new part."""
        self._told += 1
        if self._told == 2:
            self.at = time.time()


def near(count: int) -> dict[str, float]:
    """Judge instructions, every tenth a near-copy of one before it."""
    keeper = Keeper(GenerateConfig(), [_text(-n, 16) for n in range(1, 1_001)], [])
    began = time.perf_counter()
    drops = Counter(row.drop for row in keeper.judge(_instructions(count)))
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "rows_per_s": count / seconds,
        "copies": float(count // 10),
        "dropped_as_near_duplicates": float(drops["near-duplicate"]),
        "dropped_for_other_reasons": float(count - drops[None] - drops["near-duplicate"]),
    }


def _instructions(count: int) -> Iterator[Instruction]:
    for number in range(count):
        copy = number % 10 == 9
        text = _text(number - 7 if copy else number, 24) + (" again" if copy else "")
        yield Instruction(f"gen:{number}", number, text, text, (), None, None, 0, 0)


def _take_away(folder: Path) -> None:
    parts = sorted(folder.glob("part-*.parquet"))
    for part in parts[int(0.9 * len(parts)) :]:
        part.unlink()


def _megabytes(process: int) -> float:
    """Return the resident memory of a process and of those it started."""
    total, waiting = 0.0, [process]
    while waiting:
        number = waiting.pop()
        try:
            status = Path(f"/proc/{number}/status").read_text(encoding="ascii")
            children = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="ascii")
        except OSError:
            continue
        resident = [line for line in status.splitlines() if line.startswith("VmRSS")]
        total += int(resident[0].split()[1]) / 1e3 if resident else 0.0
        waiting.extend(int(child) for child in children.split())
    return total


if __name__ == "__main__":
    main()
