"""any-guardrail's side of ``benchmarks.peer``: runs in its own Python, JSON in, JSON out.

Standard input: ``{"texts": [...], "long": ["...", "..."], "threads": n, "clock": "wall"}``. The
working folder holds the encoder under the name of a guard that any-guardrail knows, so that it
takes its Hugging Face path unchanged.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

asked = json.load(sys.stdin)
now: Callable[[], float] = time.perf_counter if asked["clock"] == "wall" else time.process_time
started = now()

import torch  # noqa: E402
from any_guardrail import AnyGuardrail, GuardrailName  # noqa: E402
from any_guardrail.providers.huggingface import HuggingFaceProvider  # noqa: E402

BATCH = 32


def rate(work: Callable[[], object], count: int) -> float:
    """Verdicts per second."""
    start = now()
    work()
    return count / (now() - start)


def main() -> None:
    """Measure and print one JSON object."""
    torch.set_num_threads(asked["threads"])
    texts, (long, same_start) = asked["texts"], asked["long"]
    guard = AnyGuardrail.create(GuardrailName.DEEPSET)
    guard.validate(texts[0])
    figures: dict[str, object] = {"first_verdict_s": now() - started}

    def batches() -> None:
        for start in range(0, len(texts), BATCH):
            guard.validate(texts[start : start + BATCH])

    figures["one_by_one"] = rate(lambda: [guard.validate(text) for text in texts], len(texts))
    figures["batches_of_32"] = rate(batches, len(texts))
    try:
        figures["long"] = f"score {guard.validate(long).score:.4f}"
    except Exception as error:  # whatever it is, it is what a user gets
        figures["long"] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    cutting = HuggingFaceProvider(tokenizer_kwargs={"truncation": True, "max_length": 512})
    cut = AnyGuardrail.create(GuardrailName.DEEPSET, provider=cutting)
    scores = [cut.validate(text).score for text in (long, same_start)]
    figures["long_truncated"] = "the end is not read" if len(set(scores)) == 1 else "read"
    print(json.dumps(figures))


main()
