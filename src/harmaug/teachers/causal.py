"""Causal guards in this process: asked for their next token, or for a few words.

The score is the two-way softmax over the tokens that begin an unsafe and a safe answer, at the
position where the answer starts. It is kept as log-odds, computed in float64 from the logits.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.runs.fingerprint import fingerprint, model_fingerprint
from harmaug.scoring import FloatArray, ScorerInfo
from harmaug.teachers.checkpoint import load_causal
from harmaug.teachers.odds import answer_odds
from harmaug.teachers.reading import Answers, encode

if TYPE_CHECKING:
    from transformers._typing import GenerativePreTrainedModel


class CausalReader:
    """A causal model in this process.

    A text longer than `max_length` tokens is not cut: it is not read, and its value is missing.
    """

    def __init__(
        self,
        model: GenerativePreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: TeacherConfig,
    ) -> None:
        self.tokenizer = tokenizer
        self.config = config
        self._model = model
        # `generate` takes what is not said from here, such as a checkpoint's repetition penalty.
        ends = model.generation_config.eos_token_id
        model.generation_config = GenerationConfig(
            do_sample=False, eos_token_id=ends, pad_token_id=tokenizer.eos_token_id
        )
        limit = int(model.config.get_text_config().max_position_embeddings)
        self.max_length = min(config.max_length or limit, limit)

    def info(self, template: str) -> ScorerInfo:
        """Describe a teacher that reads this model with a template."""
        return ScorerInfo(
            name=self.config.model,
            revision=self._revision,
            score_kind="two-way softmax",
            template=fingerprint(template),
            runtime=f"transformers {str(self._model.dtype).removeprefix('torch.')}",
            parameters=sum(weight.numel() for weight in self._model.parameters()),
        )

    @functools.cached_property
    def _revision(self) -> str:
        return model_fingerprint(self.config.model, self.config.revision)

    def log_odds(self, texts: Sequence[str], answers: Answers) -> FloatArray:
        """Return the log-odds of an unsafe against a safe next token, shape (n,).

        NaN where the likeliest next token begins neither answer, and where the text is too long.
        """
        rows = [encode(self.tokenizer, text) for text in texts]
        scores = np.full(len(rows), np.nan)
        for chosen in self._batches(rows, self.max_length):
            logits = self._next_logits([rows[index] for index in chosen])
            scores[chosen] = answer_odds(logits, answers)
        return scores

    def write(self, texts: Sequence[str], most: int) -> list[str | None]:
        """Continue each text greedily by at most `most` tokens, control tokens written out.

        None for a text that leaves no room for them.
        """
        rows = [encode(self.tokenizer, text) for text in texts]
        written: list[str | None] = [None] * len(rows)
        for chosen in self._batches(rows, self.max_length - most):
            new = self._continued([rows[index] for index in chosen], most)
            for index, text in zip(chosen, self.tokenizer.batch_decode(new), strict=True):
                written[index] = text
        return written

    def _batches(self, rows: Sequence[Sequence[int]], longest: int) -> Iterator[list[int]]:
        """Yield the indices of the rows that fit, like lengths together."""
        short = [index for index, row in enumerate(rows) if len(row) <= longest]
        short.sort(key=lambda index: len(rows[index]))
        for start in range(0, len(short), self.config.batch_size):
            yield short[start : start + self.config.batch_size]

    @torch.inference_mode()
    def _next_logits(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the next token's logits, shape (n, vocabulary)."""
        ids, mask = self._padded(rows)
        output = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
            logits_to_keep=1,
            use_cache=False,
        )
        logits: torch.Tensor = output.logits[:, -1]
        return logits

    @torch.inference_mode()
    def _continued(self, rows: Sequence[Sequence[int]], most: int) -> torch.Tensor:
        """Return the likeliest next `most` tokens, shape (n, up to most)."""
        ids, mask = self._padded(rows)
        output = self._model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=most,
        )
        new: torch.Tensor = output[:, ids.shape[1] :]
        return new

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Pad on the left: ids and mask, each of shape (n, longest)."""
        width = max(len(row) for row in rows)
        ids = torch.zeros((len(rows), width), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, width - len(row) :] = torch.tensor(row)
            mask[at, width - len(row) :] = 1
        return ids.to(self._model.device), mask.to(self._model.device)


def load_reader(config: TeacherConfig) -> CausalReader:
    """Load a causal guard and its tokenizer.

    Raises:
        ModelError: when they cannot be loaded.
    """
    model, tokenizer = load_causal(config)
    return CausalReader(cast("GenerativePreTrainedModel", model), tokenizer, config)
