"""Causal models in a vLLM engine within the run; with `executor: ray`, one engine a worker.

A worker keeps its engine for all the parts that it is given. A model that needs several GPUs
belongs on a server (`backend: openai`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ConfigError, ModelError, require
from harmaug.llm.base import LLM, Completion, Request
from harmaug.llm.template import encoded

SEEDS = 2**63
"""vLLM takes seeds of 63 bits."""


class Written(Protocol):
    """One continuation that the engine wrote."""

    token_ids: Sequence[int]


class Answer(Protocol):
    """What the engine returns for one prompt."""

    outputs: Sequence[Written]


class Engine(Protocol):
    """The part of `vllm.LLM` that is used."""

    def generate(
        self, prompts: Sequence[object], sampling_params: Sequence[object], *, use_tqdm: bool
    ) -> Sequence[Answer]:
        """Continue each prompt by its own settings, in the order they came."""
        ...


def load(config: LLMConfig, journal: Path | None) -> LLM:
    """Start an engine in this process; it needs no journal.

    Raises:
        MissingExtraError: vLLM is not installed.
        ConfigError: when no model is named.
        ModelError: when the tokenizer or the engine cannot be loaded.
    """
    require("vllm", "llm.backend: vllm", "vllm")
    if config.model is None:
        raise ConfigError("llm.backend: vllm needs llm.model, a folder or a hub id")
    # Its engine in a process of its own would outlive a worker that is killed.
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    import vllm

    try:
        tokenizer = AutoTokenizer.from_pretrained(config.model, revision=config.revision or "main")
        engine = vllm.LLM(
            model=config.model,
            revision=config.revision,
            dtype=config.dtype,
            max_model_len=-1,
            gpu_memory_utilization=config.memory_share,
            enable_prefix_caching=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"vLLM cannot load '{config.model}': {reason}") from None
    return VLLM(engine, engine.llm_engine.model_config.max_model_len, tokenizer)


class VLLM:
    """An engine and its tokenizer; `limit` is the most tokens of a prompt and its answer."""

    def __init__(self, engine: Engine, limit: int, tokenizer: PreTrainedTokenizerBase) -> None:
        self._engine = engine
        self._limit = limit
        self._tokenizer = tokenizer

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Complete every request at once; the engine batches them as its memory allows."""
        from vllm import SamplingParams

        prompts = encoded(self._tokenizer, requests)
        room = self._limit - sampling.max_new_tokens
        fits = [at for at, prompt in enumerate(prompts) if len(prompt) <= room]
        answers = self._engine.generate(
            [{"prompt_token_ids": prompts[at]} for at in fits],
            [
                SamplingParams(
                    temperature=sampling.temperature,
                    top_p=sampling.top_p,
                    top_k=sampling.top_k,
                    max_tokens=sampling.max_new_tokens,
                    seed=requests[at].seed % SEEDS,
                    detokenize=False,
                )
                for at in fits
            ],
            use_tqdm=False,
        )
        written = {at: answer.outputs[0] for at, answer in zip(fits, answers, strict=True)}
        return [self._completion(written.get(at), prompt) for at, prompt in enumerate(prompts)]

    def _completion(self, written: Written | None, prompt: Sequence[int]) -> Completion:
        if written is None:
            reason = (
                f"too long: {len(prompt)} tokens, the engine holds {self._limit} with the answer"
            )
            return Completion(None, reason, len(prompt), 0)
        text = str(self._tokenizer.decode(list(written.token_ids), skip_special_tokens=True))
        return Completion(text.strip(), None, len(prompt), len(written.token_ids))
