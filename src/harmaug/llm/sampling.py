"""Sampling seeded per row: the text of a row depends on nothing but its seed and its prompt.

Each step draws one uniform number from (row seed, step) and takes the token whose interval of the
cumulative distribution holds it. Batch size, order and number of workers cannot change it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from harmaug.config import SamplingConfig


class SeededSampler(LogitsProcessor):
    """Leaves one token a row: the one this row's own random number picks.

    Used with greedy decoding, which then takes that token. `prompt_tokens` is the length of the
    padded prompt, so that the step counts from the first new token.
    """

    def __init__(self, seeds: Sequence[int], prompt_tokens: int, sampling: SamplingConfig) -> None:
        self._seeds = np.asarray([seed & (2**64 - 1) for seed in seeds], dtype=np.uint64)
        self._prompt_tokens = prompt_tokens
        self._warpers = LogitsProcessorList()
        if sampling.temperature != 1.0:
            self._warpers.append(TemperatureLogitsWarper(sampling.temperature))
        if sampling.top_k:
            self._warpers.append(TopKLogitsWarper(sampling.top_k))
        if sampling.top_p < 1.0:
            self._warpers.append(TopPLogitsWarper(sampling.top_p))

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Return scores (batch, vocabulary) that are 0 at the drawn token and -inf elsewhere."""
        step = input_ids.shape[1] - self._prompt_tokens
        uniform = torch.from_numpy(row_uniform(self._seeds, step)).to(scores.device)
        probabilities = torch.softmax(self._warpers(input_ids, scores).double(), dim=-1)
        cumulative = probabilities.cumsum(dim=-1)
        target = uniform[:, None] * cumulative[:, -1:]
        drawn = torch.searchsorted(cumulative, target, right=True)
        drawn = drawn.clamp(max=scores.shape[-1] - 1)
        chosen = torch.full_like(scores, -torch.inf)
        return chosen.scatter(1, drawn, 0.0)  # type: ignore[return-value]


def row_uniform(seeds: NDArray[np.uint64], step: int) -> NDArray[np.float64]:
    """Return one number in [0, 1) a row from its seed and the step (SplitMix64), shape (n,)."""
    with np.errstate(over="ignore"):
        state = seeds + np.uint64(step + 1) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return np.asarray((state >> np.uint64(11)).astype(np.float64) / 2.0**53)
