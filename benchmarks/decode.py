"""What thinned decoding is worth: the quickstart's requests to the embedded chat model, both ways.

``python -m benchmarks.decode [--requests N] [--rounds N]`` needs the ``train`` extra. The same
weights as the embedded model, whose ended rows leave the batch, and as any model that
`transformers` loads; the rounds take turns, and each way's fastest round counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from harmaug.augment.attack import attack_request
from harmaug.augment.exemplars import ExemplarSampler, harmful_prompts
from harmaug.config import LLMConfig, RunConfig, SamplingConfig
from harmaug.config.load import load_config
from harmaug.embedded import embedded_model
from harmaug.llm.base import LLM, Request, load_llm
from harmaug.rows import ResponseTask
from harmaug.sources.load import load_rows
from harmaug.stages.respond import RespondStage


def generator(config: RunConfig, count: int) -> list[Request]:
    """What the prefix attack asks."""
    generate = config.generate
    harmful = harmful_prompts(load_rows("quickstart", "train"))
    sampler = ExemplarSampler(harmful, generate.exemplars, generate.same_category, config.seed)
    return [attack_request(sampler.task(number), generate) for number in range(count)]


def responder(stage: RespondStage, count: int) -> list[Request]:
    """What the harmful role is asked, of the labelled prompts instead of the generated ones."""
    rows = load_rows("quickstart", "train")[:count]
    tasks = [
        ResponseTask(row.id, number, number, row.id, row.prompt, "harmful")
        for number, row in enumerate(rows)
    ]
    return stage.requests(tasks)["harmful"]


def seconds(llm: LLM, requests: Sequence[Request], sampling: SamplingConfig) -> float:
    """Complete all, and say how long that took."""
    started = time.monotonic()
    llm.complete(requests, sampling)
    return time.monotonic() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    config = load_config("quickstart", [])
    plain = LLMConfig(backend="transformers", model=str(embedded_model("chat")), dtype="float32")
    respond = RespondStage(config.respond)
    ways = {"thinned": load_llm(LLMConfig(backend="embedded")), "whole": load_llm(plain)}
    work = {
        "instructions": (generator(config, given.requests), config.generate.sampling),
        "answers": (responder(respond, given.requests), respond.roles()["harmful"].sampling),
    }
    for name, (requests, sampling) in work.items():
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(given.rounds):
            for way, llm in ways.items():
                best[way] = min(best[way], seconds(llm, requests, sampling))
        print(
            f"{len(requests)} {name}: thinned {best['thinned']:.1f} s, whole {best['whole']:.1f} s,"
            f" {best['thinned'] / best['whole']:.2f} of it"
        )


if __name__ == "__main__":
    main()
