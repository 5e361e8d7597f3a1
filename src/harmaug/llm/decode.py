"""Decoding a batch; on a CPU, rows that have ended make room.

`generate` carries every row until the last one has ended. Where rows are most of the cost, as for
a small model on a CPU, the rest goes on without those that have ended, which takes a third off
the time (docs/cost.md). What a row draws depends on its own seed alone; products over fewer rows
round otherwise, which seldom changes a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    StaticCache,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.cache_utils import StaticLayer

from harmaug.config import SamplingConfig
from harmaug.llm.sampling import SeededSampler

if TYPE_CHECKING:
    from transformers._typing import GenerativePreTrainedModel

THINNED = 0.8
"""Below this share of rows that go on, copying their cache costs less than carrying the others."""

PREFILL_TOKENS = 64
"""Columns of the prompt in one pass: of all at once, the activations leave every cache."""


class _Thinned(StoppingCriteria):
    """Stops a batch as soon as so many rows have ended that the others are better off alone."""

    def __init__(self, width: int, ends: Tensor) -> None:
        self._width = width
        self._ends = ends

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: object
    ) -> torch.BoolTensor:
        going = self.going(input_ids)
        few = going.sum() <= THINNED * len(going)
        return few.expand(len(going))  # type: ignore[return-value]

    def going(self, ids: Tensor) -> Tensor:
        """Which rows (rows,) have no end marker behind the prompt's `width` columns."""
        return ~torch.isin(ids[:, self._width :], self._ends).any(dim=1)


def decode(
    model: GenerativePreTrainedModel,
    ids: Tensor,
    mask: Tensor,
    *,
    seeds: Sequence[int],
    sampling: SamplingConfig,
    pad: int,
    thin: bool,
) -> list[list[int]]:
    """Return the new tokens of each row; after its end marker a row may be padded.

    `ids` and `mask` have shape (rows, tokens), padded on the left. With `thin`, rows that have
    ended leave the batch, and keys and values have their place from the start instead of being
    copied to a larger one for every token. Not every architecture can do so.
    """
    width = ids.shape[1]
    cache = StaticCache(model.config, width + sampling.max_new_tokens) if thin else None
    ends = torch.tensor(model.generation_config.eos_token_id if thin else ()).reshape(-1)
    thinned = _Thinned(width, ends)
    rows = torch.arange(len(ids))
    made: list[list[int]] = [[] for _ in seeds]
    while len(rows):
        processors = LogitsProcessorList()
        if sampling.temperature > 0:
            chosen = [seeds[row] for row in rows.tolist()]
            processors.append(SeededSampler(chosen, width, sampling))
        output = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=width + sampling.max_new_tokens - ids.shape[1],
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            logits_processor=processors,
            stopping_criteria=StoppingCriteriaList([thinned] if thin else []),
            past_key_values=cache,
            prefill_chunk_size=PREFILL_TOKENS if thin else None,
            pad_token_id=pad,
        )
        new = output[:, ids.shape[1] :]
        for row, tokens in zip(rows.tolist(), new.tolist(), strict=True):
            made[row] += tokens
        if cache is None or output.shape[1] == width + sampling.max_new_tokens:
            break
        going = thinned.going(output)
        _keep(cache, going)
        rows, ids = rows[going], output[going]
        mask = torch.cat([mask, torch.ones_like(new)], dim=1)[going]
    return made


def _keep(cache: StaticCache, rows: Tensor) -> None:
    for layer in cache.layers:
        if isinstance(layer, StaticLayer) and layer.keys is not None and layer.values is not None:
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]
            layer.batch_size = len(layer.keys)
