"""The guard beside what a user would run instead: the same encoder, the same rows, one run.

``python -m benchmarks.guard [--rows N] [--json FILE]`` needs the ``train`` extra. The encoder is
the embedded guard's, with random weights (speed does not depend on them). The rows are ToxicChat
prompts and HarmBench pairs of natural length from ``HARMAUG_DATA``, those that fit one window.
Where other work has the machine, ``--shared`` gives everybody one thread and counts CPU seconds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import AutoConfig, BertForSequenceClassification, pipeline

from harmaug.export.fused_bert import write_fused_bert
from harmaug.export.int8 import quantise
from harmaug.export.onnx import to_onnx
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.engine import available_threads
from harmaug.guard.load import EMBEDDED
from harmaug.scoring import TextPair
from harmaug.text import encode

Figures = Iterator[tuple[str, float]]

WINDOW = 512
BATCH = 32
TEXT = "could you explain how a big stone house keeps its heat when the night is cold and"
WORDS = TEXT.split()
FULL_BATCH = 4096

START = """
import sys, time
start = time.perf_counter() if sys.argv[2] == "wall" else time.process_time()
{}
print((time.perf_counter() if sys.argv[2] == "wall" else time.process_time()) - start)
# getrusage would start at the peak of the parent.
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
OURS = START.format(
    "from harmaug import Guard\nGuard.load(sys.argv[1]).check('How do I bake bread?')"
)
THEIRS = START.format(
    "from transformers import pipeline\n"
    "pipeline('text-classification', sys.argv[1], device='cpu')('How do I bake bread?')"
)


@dataclass(frozen=True)
class Setting:
    """How many threads each side has, and whether wall clock or CPU seconds count."""

    threads: int
    clock: Literal["wall", "cpu"]

    def now(self) -> float:
        """Seconds on the clock that counts."""
        return time.perf_counter() if self.clock == "wall" else time.process_time()

    def seconds(self, work: Callable[[], object]) -> float:
        """How long it takes."""
        start = self.now()
        work()
        return self.now() - start


def build(folder: Path) -> Path:
    """Write the embedded guard's encoder with random weights: torch, ONNX, and the peer's int8."""
    if (folder / "traced_int8.onnx").is_file():
        return folder
    torch.manual_seed(0)
    BertForSequenceClassification(AutoConfig.from_pretrained(EMBEDDED)).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(EMBEDDED / name, folder / name)
    to_onnx(folder, folder / "onnx" / "model.onnx")
    if not write_fused_bert(folder, folder / "onnx" / "model_quantized.onnx"):
        raise SystemExit("the embedded guard is no BERT: this benchmark does not know it")
    GuardSettings(window=WINDOW).save(folder)
    quantise(folder / "onnx" / "model.onnx", folder / "traced_int8.onnx")
    return folder


def real_rows(folder: Path, count: int) -> list[TextPair]:
    """A random draw of ToxicChat's prompts and HarmBench's pairs, of those that fit one window."""
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    pairs: list[TextPair] = []
    for name in ("toxicchat_test_human", "harmbench"):
        with gzip.open(folder / "eval" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            pairs += [(row["prompt"], row["response"]) for row in map(json.loads, file)]
    lengths = [len(row) for row in encode(tokenizer, pairs)]
    order = np.random.default_rng(0).permutation(len(pairs))
    return [pairs[index] for index in order if lengths[index] <= WINDOW][:count]


def start_up(code: str, model: Path, setting: Setting) -> tuple[float, float]:
    """Best of five new processes: seconds to the first verdict, and peak memory in MB.

    Python may keep its bytecode, as pip writes it for whatever it installs.
    """
    keeps = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    runs = []
    for _ in range(5):
        command = [sys.executable, "-c", code, str(model), setting.clock]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=keeps)
        out = done.stdout.split()
        runs.append((float(out[-2]), float(out[-1]) / 1024))
    return min(seconds for seconds, _ in runs), max(memory for _, memory in runs)


def latency(guard: Guard, setting: Setting) -> dict[str, float]:
    """Milliseconds from text to verdict of one prompt of 32 tokens."""
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    prompts = [" ".join((WORDS * 2)[:count]) for count in range(20, 35)]
    prompt = next(text for text in prompts if len(encode(tokenizer, [(text, None)])[0]) == 32)
    taken = [setting.seconds(lambda: guard.check(prompt)) * 1e3 for _ in range(500)]
    return {
        "p50": round(statistics.median(taken), 3),
        "p95": round(float(np.quantile(taken, 0.95)), 3),
        "best": round(min(taken), 3),
    }


def padded_int8(
    model: Path, tokenizer: Tokenizer, rows: Sequence[TextPair], setting: Setting
) -> None:
    """What one writes in an afternoon: batches of 32 as they come, padded, all cores."""
    session = _session(model, setting.threads)
    for start in range(0, len(rows), BATCH):
        encoded = encode(tokenizer, rows[start : start + BATCH])
        width = max(len(row) for row in encoded)
        ids, types, mask = (np.zeros((len(encoded), width), dtype=np.int64) for _ in range(3))
        for index, row in enumerate(encoded):
            ids[index, : len(row)] = row.ids
            types[index, : len(row)] = row.type_ids
            mask[index, : len(row)] = 1
        session.run(None, {"input_ids": ids, "token_type_ids": types, "attention_mask": mask})


def full_batches(model: Path, lengths: Sequence[int], setting: Setting) -> float:
    """Seconds for these lengths at onnxruntime's own rate on full batches of one length.

    Lengths count as the nearest of eight; each rate is the best of three runs.
    """
    session = _session(model, setting.threads)
    grid = np.array([8, 16, 32, 64, 128, 256, 384, 512])
    tokens: Counter[int] = Counter()
    for length in lengths:
        tokens[int(grid[np.abs(grid - length).argmin()])] += length
    total = 0.0
    for width, count in tokens.items():
        ids: NDArray[np.int64] = np.full((FULL_BATCH // width, width), 100, dtype=np.int64)
        feed = {"input_ids": ids, "token_type_ids": np.zeros_like(ids)}
        best = min(setting.seconds(partial(session.run, None, feed)) for _ in range(3))
        total += best * count / ids.size
    return total


def _session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def starts(folder: Path, setting: Setting) -> Figures:
    """From a new process to the first verdict."""
    ours, memory = start_up(OURS, folder, setting)
    theirs, their_memory = start_up(THEIRS, folder, setting)
    yield "first_verdict_s", round(ours, 3)
    yield "first_verdict_times_sooner", round(theirs / ours, 1)
    yield "peak_memory_mb", round(memory)
    yield "pipeline_peak_memory_mb", round(their_memory)
    for name, value in latency(Guard.load(folder, threads=1), setting).items():
        yield f"latency_32_tokens_ms_{name}", value


def throughput(folder: Path, rows: Sequence[TextPair], setting: Setting) -> Figures:
    """Everything on the same rows: the guard and onnxruntime's own rate three times in turn."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    lengths = [len(row) for row in encode(tokenizer, rows)]
    guard = Guard.load(folder, threads=setting.threads)
    ours, own = [], []
    for _ in range(3):
        ours.append(setting.seconds(lambda: guard.score(rows)))
        own.append(full_batches(folder / "onnx" / "model_quantized.onnx", lengths, setting))
    best = min(ours)
    yield "rows", len(rows)
    yield "tokens", sum(lengths)
    yield "threads", setting.threads
    yield "rows_per_second", round(len(rows) / best, 1)
    yield "tokens_per_second", round(sum(lengths) / best)
    yield "share_of_full_batches", round(min(own) / best, 3)
    yield "verdicts_per_second", round(len(rows) / setting.seconds(lambda: guard.verdicts(rows)), 1)
    padded = setting.seconds(
        lambda: padded_int8(folder / "traced_int8.onnx", tokenizer, rows, setting)
    )
    again = setting.seconds(lambda: guard.score(rows))
    yield "times_padded_int8", round(padded / statistics.median([*ours, again]), 1)
    torch.set_num_threads(setting.threads)
    classify = pipeline("text-classification", str(folder), device="cpu", batch_size=BATCH)
    inputs = [{"text": prompt, "text_pair": response or ""} for prompt, response in rows]
    slow = setting.seconds(lambda: classify(inputs))
    last = setting.seconds(lambda: guard.score(rows))
    yield "times_transformers_pipeline", round(slow / statistics.median([*ours, again, last]), 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--folder", type=Path, default=Path("build/benchmark-guard"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--shared", action="store_true", help="one thread each, in CPU seconds")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("set HARMAUG_DATA, or give --data, for the rows")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    shared = Setting(1, "cpu")
    setting = shared if arguments.shared else Setting(available_threads(), "wall")
    folder = build(arguments.folder)
    figures: dict[str, float] = {}
    for name, value in chain(
        starts(folder, setting),
        throughput(folder, real_rows(arguments.data, arguments.rows), setting),
    ):
        figures[name] = value
        print(f"{name:32} {value}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
