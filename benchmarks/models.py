"""Size, load time and speed of the embedded models: ``python -m benchmarks.models [--json FILE]``.

The guard runs in onnxruntime int8, the other two in torch float32, as in the quickstart. Each is
loaded in a fresh process; speed is tokens per second over full batches of like length on all cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from harmaug.embedded import GUARD, embedded_model

WORDS = "how do i plan a small garden behind the house so that something flowers all year round"
BATCH = 64
ROUNDS = 5


def main() -> None:
    """Measure every embedded model and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("guard", "encoder", "chat"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments.only)))
        return
    rows = {}
    for name in ("guard", "encoder", "chat"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.models", "--only", name],
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        rows[name] = json.loads(done.stdout.splitlines()[-1])
    print(f"{'model':<8} {'MB on disk':>10} {'load s':>7} {'tokens/s':>9}  what is counted")
    for name, row in rows.items():
        print(
            f"{name:<8} {row['bytes'] / 1e6:>10.1f} {row['load_s']:>7.2f} "
            f"{row['tokens_per_s']:>9.0f}  {row['what']}"
        )
    print(f"{'all':<8} {sum(row['bytes'] for row in rows.values()) / 1e6:>10.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def measure(name: str) -> dict[str, float | str]:
    """Load one model in this process and time it; the load counts from before its imports."""
    measured = {"guard": _guard, "encoder": _encoder, "chat": _chat}[name]()
    folder = GUARD if name == "guard" else embedded_model(name)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"bytes": size, **measured}


def _guard() -> dict[str, float | str]:
    started = time.perf_counter()
    from harmaug.guard import Guard

    guard = Guard.load()
    loaded = time.perf_counter() - started
    from tokenizers import Tokenizer

    tokens = len(Tokenizer.from_file(str(GUARD / "tokenizer.json")).encode(WORDS).ids)
    texts = [f"{WORDS} {number}" for number in range(BATCH)]
    seconds = _best(lambda: guard.score(texts))
    return _row(loaded, tokens * BATCH / seconds, "read, text to score, int8")


def _encoder() -> dict[str, float | str]:
    started = time.perf_counter()
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = embedded_model("encoder")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).train(False)
    loaded = time.perf_counter() - started
    batch = tokenizer([WORDS] * BATCH, return_tensors="pt")

    @torch.inference_mode()
    def forward() -> None:
        model(**batch)

    return _row(loaded, batch["input_ids"].numel() / _best(forward), "read, forward pass, fp32")


def _chat() -> dict[str, float | str]:
    started = time.perf_counter()
    from harmaug.config import LLMConfig, SamplingConfig
    from harmaug.llm.base import Request, load_llm

    llm = load_llm(LLMConfig(backend="embedded", batch_size=BATCH))
    loaded = time.perf_counter() - started
    requests = [
        Request(str(number), ({"role": "user", "content": WORDS},), None, number)
        for number in range(BATCH)
    ]
    sampling = SamplingConfig(top_p=0.95, max_new_tokens=32)
    begun = time.perf_counter()
    written = sum(answer.tokens_out for answer in llm.complete(requests, sampling))
    return _row(loaded, written / (time.perf_counter() - begun), "written, sampled per row, fp32")


def _best(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def _row(load_s: float, tokens_per_s: float, what: str) -> dict[str, float | str]:
    return {"load_s": load_s, "tokens_per_s": tokens_per_s, "what": what}


if __name__ == "__main__":
    main()
