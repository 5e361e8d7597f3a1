"""Sampling seeded per row: the text of a row depends on nothing but its seed and its prompt.

Each step draws one uniform number from (row seed, step) and takes the token whose interval of the
cumulative distribution holds it. Batch size, order and number of workers cannot change it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import LogitsProcessor

from harmaug.config import SamplingConfig

CANDIDATES = (64, 1024)
"""How many of the likeliest tokens are sorted first, and then, before all of them, where those are
too few: sorting a whole vocabulary costs more than a small model."""


class SeededSampler(LogitsProcessor):
    """Leaves one token a row: the one this row's own random number picks.

    Used with greedy decoding, which then takes that token. `prompt_tokens` is the length of the
    padded prompt, so that the step counts from the first new token.
    """

    def __init__(self, seeds: Sequence[int], prompt_tokens: int, sampling: SamplingConfig) -> None:
        self._seeds = np.asarray([seed & (2**64 - 1) for seed in seeds], dtype=np.uint64)
        self._prompt_tokens = prompt_tokens
        self._sampling = sampling

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Return scores (batch, vocabulary) that are 0 at the drawn token and -inf elsewhere."""
        step = input_ids.shape[1] - self._prompt_tokens
        uniform = torch.from_numpy(row_uniform(self._seeds, step)).to(scores.device)
        drawn = draw(scores, uniform, self._sampling)
        chosen = torch.full_like(scores, -torch.inf)
        return chosen.scatter(1, drawn, 0.0)  # type: ignore[return-value]


def draw(logits: Tensor, uniform: Tensor, sampling: SamplingConfig) -> Tensor:
    """Draw a token a row from logits (b, v) with numbers in [0, 1) (b,): token ids (b, 1).

    Temperature, then top-k, then top-p, as in `transformers`.
    """
    scaled = logits.float() / sampling.temperature
    vocabulary = scaled.shape[-1]
    if sampling.top_p >= 1.0 and not sampling.top_k:
        return _pick(torch.softmax(scaled, dim=-1).double(), uniform)
    if sampling.top_k:
        return _nucleus(scaled, uniform, min(sampling.top_k, vocabulary), sampling)[0]
    first, *wider = (min(count, vocabulary) for count in (*CANDIDATES, vocabulary))
    drawn, whole = _nucleus(scaled, uniform, first, sampling)
    for count in wider:
        rows = (~whole).nonzero()[:, 0]
        if len(rows):
            drawn[rows], whole[rows] = _nucleus(scaled[rows], uniform[rows], count, sampling)
    return drawn


def _nucleus(
    scaled: Tensor, uniform: Tensor, count: int, sampling: SamplingConfig
) -> tuple[Tensor, Tensor]:
    """Draw among the `count` likeliest tokens; also say for which rows they hold `top_p`."""
    likeliest, tokens = torch.topk(scaled, count, dim=-1)
    kept_by = likeliest if sampling.top_k else scaled
    total = torch.logsumexp(kept_by, dim=-1, keepdim=True)
    weights = torch.exp(likeliest - total).double()
    running = weights.cumsum(dim=-1)
    kept = weights * (running - weights < sampling.top_p)
    return tokens.gather(1, _pick(kept, uniform)), running[:, -1] >= sampling.top_p


def _pick(weights: Tensor, uniform: Tensor) -> Tensor:
    """Return the place (b, 1) whose interval of each row's running sum holds the number."""
    running = weights.cumsum(dim=-1)
    target = uniform[:, None] * running[:, -1:]
    return torch.searchsorted(running, target, right=True).clamp(max=weights.shape[-1] - 1)


def row_uniform(seeds: NDArray[np.uint64], step: int) -> NDArray[np.float64]:
    """Return one number in [0, 1) a row from its seed and the step (SplitMix64), shape (n,)."""
    with np.errstate(over="ignore"):
        state = seeds + np.uint64(step + 1) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return np.asarray((state >> np.uint64(11)).astype(np.float64) / 2.0**53)
