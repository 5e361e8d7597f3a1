"""The guard beside what a user would run instead: the same encoder, the same rows, one run.

``python -m benchmarks.guard [--rows N] [--json FILE]`` needs the ``train`` extra. The encoder is
the embedded guard's, with random weights (speed does not depend on them). The rows are ToxicChat
prompts and HarmBench pairs of natural length from ``HARMAUG_DATA``, those that fit one window.
Other work on the machine slows everybody alike: compare ratios.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import AutoConfig, BertForSequenceClassification, pipeline

from harmaug.export.fused_bert import BertShape, write_fused_bert
from harmaug.export.int8 import quantise
from harmaug.export.onnx import to_onnx
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.engine import available_threads
from harmaug.guard.load import EMBEDDED
from harmaug.scoring import TextPair
from harmaug.text import encode

log = logging.getLogger("benchmarks.guard")

WINDOW = 512
BATCH = 32
PROMPT = "Could you explain how a bread oven keeps its heat " * 3
FULL_BATCH = 4096

OURS = """
import resource, sys, time
start = time.perf_counter()
from harmaug import Guard
Guard.load(sys.argv[1], threads=1).check("How do I bake bread?")
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
THEIRS = """
import resource, sys, time
start = time.perf_counter()
from transformers import pipeline
pipeline("text-classification", sys.argv[1], device="cpu")("How do I bake bread?")
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def build(folder: Path) -> Path:
    """Write the embedded guard's encoder with random weights: torch, ONNX, and the peer's int8."""
    if (folder / "traced_int8.onnx").is_file():
        return folder
    torch.manual_seed(0)
    BertForSequenceClassification(AutoConfig.from_pretrained(EMBEDDED)).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(EMBEDDED / name, folder / name)
    to_onnx(folder, folder / "onnx" / "model.onnx")
    shape = BertShape.of(folder)
    if shape is None:
        raise SystemExit("the embedded guard is no BERT: this benchmark does not know it")
    write_fused_bert(folder, shape, folder / "onnx" / "model_quantized.onnx")
    GuardSettings(window=WINDOW).save(folder)
    quantise(folder / "onnx" / "model.onnx", folder / "traced_int8.onnx")
    return folder


def real_rows(folder: Path, count: int) -> list[TextPair]:
    """ToxicChat prompts and HarmBench pairs, four to one, that fit one window, in file order."""
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    rows: list[TextPair] = []
    for name, share in (("toxicchat_test_human", 0.8), ("harmbench", 0.2)):
        with gzip.open(folder / "eval" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            pairs = [(row["prompt"], row["response"]) for row in map(json.loads, file)]
        fits = [
            pair
            for pair, row in zip(pairs, encode(tokenizer, pairs), strict=True)
            if len(row) <= WINDOW
        ]
        rows += fits[: int(count * share)]
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows[index] for index in order]


def start_up(code: str, model: Path) -> tuple[float, float]:
    """Best of five new processes: seconds to the first verdict, and peak memory in MB."""
    runs = []
    for _ in range(5):
        command = [sys.executable, "-c", code, str(model)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        runs.append((float(out[-2]), float(out[-1]) / 1024))
    return min(seconds for seconds, _ in runs), max(memory for _, memory in runs)


def latency(guard: Guard) -> dict[str, float]:
    """Milliseconds from text to score of one prompt of 32 tokens."""
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    words = PROMPT.split()[:30]
    if len(encode(tokenizer, [(" ".join(words), None)])[0]) != 32:
        raise SystemExit("the prompt of the latency test no longer has 32 tokens")
    taken = []
    for _ in range(500):
        start = time.perf_counter()
        guard.score([(" ".join(words), None)])
        taken.append((time.perf_counter() - start) * 1e3)
    return {
        "p50": round(statistics.median(taken), 3),
        "p95": round(float(np.quantile(taken, 0.95)), 3),
        "best": round(min(taken), 3),
    }


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def padded_int8(model: Path, tokenizer: Tokenizer, rows: Sequence[TextPair]) -> None:
    """What one writes in an afternoon: batches of 32 as they come, padded, all cores."""
    session = _session(model, available_threads())
    for start in range(0, len(rows), BATCH):
        encoded = encode(tokenizer, rows[start : start + BATCH])
        width = max(len(row) for row in encoded)
        ids, types, mask = (np.zeros((len(encoded), width), dtype=np.int64) for _ in range(3))
        for index, row in enumerate(encoded):
            ids[index, : len(row)] = row.ids
            types[index, : len(row)] = row.type_ids
            mask[index, : len(row)] = 1
        session.run(None, {"input_ids": ids, "token_type_ids": types, "attention_mask": mask})


def full_batches(model: Path, lengths: Sequence[int]) -> float:
    """Seconds for these lengths at onnxruntime's own rate on full batches of one length.

    Lengths count as the nearest of eight; each rate is the best of three runs.
    """
    session = _session(model, available_threads())
    grid = np.array([8, 16, 32, 64, 128, 256, 384, 512])
    tokens: Counter[int] = Counter()
    for length in lengths:
        tokens[int(grid[np.abs(grid - length).argmin()])] += length
    total = 0.0
    for width, count in tokens.items():
        ids: NDArray[np.int64] = np.full((FULL_BATCH // width, width), 100, dtype=np.int64)
        feed = {"input_ids": ids, "token_type_ids": np.zeros_like(ids)}
        best = min(seconds(partial(session.run, None, feed)) for _ in range(3))
        total += best * count / ids.size
    return total


def _session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def measure(folder: Path, rows: Sequence[TextPair]) -> dict[str, object]:
    """Run everything once, the guard and onnxruntime's own rate three times in turn."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    lengths = [len(row) for row in encode(tokenizer, rows)]
    guard = Guard.load(folder)
    ours, own = [], []
    for _ in range(3):
        ours.append(seconds(lambda: guard.score(rows)))
        own.append(full_batches(folder / "onnx" / "model_quantized.onnx", lengths))
    padded = seconds(lambda: padded_int8(folder / "traced_int8.onnx", tokenizer, rows))
    classify = pipeline("text-classification", str(folder), device="cpu", batch_size=BATCH)
    inputs = [{"text": prompt, "text_pair": response or ""} for prompt, response in rows]
    torch_pipeline = seconds(lambda: classify(inputs))
    ours.append(seconds(lambda: guard.score(rows)))
    verdicts = seconds(lambda: guard.verdicts(rows))
    (start, memory), (their_start, their_memory) = (
        start_up(code, folder) for code in (OURS, THEIRS)
    )
    best = min(ours)
    return {
        "rows": len(rows),
        "tokens": sum(lengths),
        "threads": available_threads(),
        "rows_per_second": round(len(rows) / best, 1),
        "tokens_per_second": round(sum(lengths) / best),
        "verdicts_per_second": round(len(rows) / verdicts, 1),
        "times_transformers_pipeline": round(torch_pipeline / best, 1),
        "times_padded_int8": round(padded / best, 1),
        "share_of_full_batches": round(min(own) / best, 3),
        "first_verdict_s": round(start, 3),
        "first_verdict_times_sooner": round(their_start / start, 1),
        "peak_memory_mb": round(memory),
        "pipeline_peak_memory_mb": round(their_memory),
        "latency_32_tokens_1_thread_ms": latency(Guard.load(folder, threads=1)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--folder", type=Path, default=Path("build/benchmark-guard"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("set HARMAUG_DATA, or give --data, for the rows")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    figures = measure(build(arguments.folder), real_rows(arguments.data, arguments.rows))
    for name, value in figures.items():
        print(f"{name:32} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
