"""Causal models in this process: the embedded chat model, or any that `transformers` loads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedTokenizerBase,
)

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.embedded import embedded_model
from harmaug.errors import ConfigError, ModelError
from harmaug.llm.base import LLM, Completion, Request, too_long
from harmaug.llm.decode import decode
from harmaug.llm.template import encoded

if TYPE_CHECKING:
    from transformers._typing import GenerativePreTrainedModel

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, SafetensorError)
"""What a checkpoint that is away, broken off or made for other shapes is told by."""


def load(config: LLMConfig, journal: Path | None) -> LLM:
    """Load a causal model; a model in the process needs no journal.

    Raises:
        ConfigError: when no model is named.
        ModelError: when it cannot be loaded.
    """
    if config.backend == "embedded":
        source = str(embedded_model("chat"))
    elif config.model is None:
        raise ConfigError("llm.backend: transformers needs llm.model, a folder or a hub id")
    else:
        source = config.model
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = DTYPES.get(config.dtype, torch.bfloat16 if device == "cuda" else torch.float32)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            source, revision=config.revision or "main", padding_side="left"
        )
        model = AutoModelForCausalLM.from_pretrained(
            source, revision=config.revision or "main", dtype=dtype
        )
    except UNREADABLE as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"cannot load the LLM '{source}': {reason}") from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    # A checkpoint's own habits (repetition penalty, forbidden words) are no part of what is asked.
    ends = model.generation_config.eos_token_id
    model.generation_config = GenerationConfig(eos_token_id=ends)
    torch.nn.Module.to(model, device)
    model.train(False)
    return LocalLLM(
        cast("GenerativePreTrainedModel", model),
        tokenizer,
        config.batch_size,
        thin=config.backend == "embedded" and device == "cpu",
    )


class LocalLLM:
    """A causal model and its tokenizer, completing in batches of similar length.

    With `thin`, rows that have ended leave their batch (`harmaug.llm.decode`).
    """

    def __init__(
        self,
        model: GenerativePreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        batch_size: int,
        *,
        thin: bool,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._batch_size = batch_size
        self._thin = thin

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Complete every request, similar lengths together, in the order they came."""
        prompts = encoded(self._tokenizer, requests)
        holds = self._holds()
        done = {
            index: too_long(len(prompt), holds)
            for index, prompt in enumerate(prompts)
            if len(prompt) + sampling.max_new_tokens > holds
        }
        fitting = [index for index in range(len(requests)) if index not in done]
        order = sorted(fitting, key=lambda index: len(prompts[index]))
        for start in range(0, len(order), self._batch_size):
            chosen = order[start : start + self._batch_size]
            seeds = [requests[index].seed for index in chosen]
            answers = self._batch([prompts[index] for index in chosen], seeds, sampling)
            done.update(zip(chosen, answers, strict=True))
        return [done[index] for index in range(len(requests))]

    def _holds(self) -> float:
        """Return how many tokens of a prompt and its answer the model was made for."""
        config = self._model.config.get_text_config()
        positions: int | None = getattr(config, "max_position_embeddings", None)
        return positions or math.inf

    @torch.inference_mode()
    def _batch(
        self, prompts: list[list[int]], seeds: Sequence[int], sampling: SamplingConfig
    ) -> list[Completion]:
        padded = self._tokenizer.pad({"input_ids": prompts}, return_tensors="pt")
        padded = padded.to(self._model.device)
        new = decode(
            self._model,
            padded["input_ids"],
            padded["attention_mask"],
            seeds=seeds,
            sampling=sampling,
            pad=self._tokenizer.pad_token_id,
            thin=self._thin,
        )
        texts = self._tokenizer.batch_decode(new, skip_special_tokens=True)
        return [
            Completion(text.strip(), None, len(prompt), self._new_tokens(row))
            for text, prompt, row in zip(texts, prompts, new, strict=True)
        ]

    def _new_tokens(self, row: Sequence[int]) -> int:
        """Count new tokens up to the end marker, which counts as one."""
        ends = {self._tokenizer.eos_token_id, self._tokenizer.pad_token_id}
        return next((at + 1 for at, token in enumerate(row) if token in ends), len(row))
