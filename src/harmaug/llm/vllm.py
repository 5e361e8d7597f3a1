"""Causal models in a vLLM engine: in this process here, on a cluster by `executors.engines`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ConfigError, ModelError, require
from harmaug.llm.base import LLM, Completion, Request, too_long
from harmaug.llm.template import encoded

SEEDS = 2**63
"""vLLM takes seeds of 63 bits."""

QUIET = {"VLLM_NO_USAGE_STATS": os.environ.get("VLLM_NO_USAGE_STATS", "1")}
"""Nothing is told to vLLM's makers unless the environment says so."""


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
    tokenizer = load_tokenizer(config)
    # Its engine in a process of its own would outlive a worker that is killed.
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.update(QUIET)
    import vllm

    try:
        engine = vllm.LLM(model=config.model, **engine_arguments(config))
    except (OSError, ValueError, RuntimeError) as error:
        raise _unusable(config, error) from None
    return VLLM(engine, engine.llm_engine.model_config.max_model_len, tokenizer)


def load_tokenizer(config: LLMConfig) -> PreTrainedTokenizerBase:
    """Load the tokenizer of an engine's model.

    Raises:
        ConfigError: when no model is named.
        ModelError: when there is none that can be loaded.
    """
    if config.model is None:
        raise ConfigError("llm.backend: vllm needs llm.model, a folder or a hub id")
    try:
        return AutoTokenizer.from_pretrained(config.model, revision=config.revision or "main")
    except (OSError, ValueError) as error:
        raise _unusable(config, error) from None


def engine_arguments(config: LLMConfig) -> dict[str, object]:
    """Return vLLM's arguments for a configuration, the model's name left out."""
    return {
        "revision": config.revision,
        "dtype": config.dtype,
        "max_model_len": -1,  # as long as the model and the memory allow
        "gpu_memory_utilization": config.memory_share,
        "enable_prefix_caching": True,
    }


def row_sampling(request: Request, sampling: SamplingConfig) -> dict[str, object]:
    """Return vLLM's SamplingParams for one request, which draws by its own seed."""
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_new_tokens,
        "seed": request.seed % SEEDS,
        "detokenize": False,
    }


def completion(
    tokenizer: PreTrainedTokenizerBase, written: Sequence[int], asked: int
) -> Completion:
    """Return what an engine wrote after a prompt of `asked` tokens."""
    text = str(tokenizer.decode(list(written), skip_special_tokens=True))
    return Completion(text.strip(), None, asked, len(written))


def _unusable(config: LLMConfig, error: Exception) -> ModelError:
    reason = str(error).strip().partition("\n")[0]
    return ModelError(f"vLLM cannot load '{config.model}': {reason}")


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
            [SamplingParams(**row_sampling(requests[at], sampling)) for at in fits],
            use_tqdm=False,
        )
        written = {at: answer.outputs[0] for at, answer in zip(fits, answers, strict=True)}
        return [self._completion(written.get(at), prompt) for at, prompt in enumerate(prompts)]

    def _completion(self, written: Written | None, prompt: Sequence[int]) -> Completion:
        if written is None:
            return too_long(len(prompt), self._limit)
        return completion(self._tokenizer, written.token_ids, len(prompt))
