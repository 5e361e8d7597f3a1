"""What makes training on a CPU faster without changing what is computed.

Profiles of small encoders on one core spend more time outside the matrix products than in them:
a quarter in zeroing dense gradients of the embedding table for every pass, a tenth in drawing
dropout masks one number at a time, and up to a third in the fused attention kernel, whose
backward is slow below some hundred tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, eager_mask

ATTENTION = "harmaug_cpu"
# From here on the fused kernel is faster than separate products.
FUSED_FROM = 256
_LEVELS = 2**15


@contextmanager
def fast_on_cpu(model: PreTrainedModel) -> Iterator[None]:
    """Train a model faster inside, with the same distribution of gradients; undone on leaving."""
    table = model.get_input_embeddings()
    attention = model.config._attn_implementation
    _register()
    dropouts = _replace_dropouts(model)
    if attention == "sdpa":
        model.set_attn_implementation(ATTENTION)
    try:
        with _rows_only(table) if isinstance(table, nn.Embedding) else nullcontext():
            yield
    finally:
        model.set_attn_implementation(attention)
        for parent, name, dropout in dropouts:
            setattr(parent, name, dropout)


@contextmanager
def _rows_only(table: nn.Embedding) -> Iterator[None]:
    """Add the gradients of the rows that a pass reads to one dense gradient that is kept."""
    if not table.weight.requires_grad:
        yield
        return
    dense = torch.zeros_like(table.weight)

    def collect(weight: Tensor) -> None:
        # The first gradient of a batch; torch adds those that follow to what stands there.
        if weight.grad is not None and weight.grad.is_sparse:
            weight.grad = dense.zero_().add_(weight.grad)

    hook = table.weight.register_post_accumulate_grad_hook(collect)
    table.sparse = True
    try:
        yield
    finally:
        table.sparse = False
        hook.remove()


def dropout(x: Tensor, p: float) -> Tensor:
    """Drop elements with probability `p`, drawing whole words of random bits, 15 for each.

    `p` is rounded to what the bits can express, the scale follows the rounded one.
    """
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    # The sign bit of each draw is cleared, which leaves `_LEVELS` equally likely values.
    draws = words.view(torch.int16)[: x.numel()].bitwise_and_(_LEVELS - 1)
    threshold = round((1.0 - p) * _LEVELS)
    stays, scale = draws.lt_(threshold), _LEVELS / threshold
    if x.element_size() == 2:  # the scale's bits, put where it stays, are the mask
        bits = torch.tensor(scale, dtype=x.dtype).view(torch.int16)
        mask = stays.mul_(int(bits)).view(x.dtype)
    else:
        mask = stays.to(x.dtype).mul_(scale)
    return x * mask.view(x.shape)


class _Dropout(nn.Module):
    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.p) if self.training and self.p else x


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    position_bias: Tensor | None = None,
    is_causal: bool | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attention as `transformers` asks for it, by separate products where that is faster.

    Query, key and value have shape (n, heads, tokens, width); the result (n, tokens, heads,
    width). The mask is added to the scores, shape (n, 1, tokens, tokens). Probabilities stay in
    the precision of the query, summed in float32.
    """
    if attention_mask is not None:
        lowest = torch.finfo(query.dtype).min
        attention_mask = attention_mask.clamp(min=lowest).to(query.dtype)
    if position_bias is not None or (dropout == 0.0 and query.shape[2] >= FUSED_FROM):
        return sdpa_attention_forward(
            module,
            query,
            key,
            value,
            attention_mask,
            scaling=scaling,
            dropout=dropout,
            position_bias=position_bias,
            is_causal=is_causal,
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    with torch.autocast("cpu", enabled=False):
        scores = torch.matmul(query * scale, key.to(query.dtype).transpose(2, 3))
        if attention_mask is not None:
            scores = scores + attention_mask
        weights = _drop(functional.softmax(scores, dim=-1), dropout)
        mixed = torch.matmul(weights, value.to(query.dtype))
        return mixed.transpose(1, 2).contiguous(), None


def _drop(weights: Tensor, p: float) -> Tensor:
    return dropout(weights, p) if p else weights


def _replace_dropouts(model: nn.Module) -> list[tuple[nn.Module, str, nn.Dropout]]:
    found = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) is nn.Dropout
    ]
    for parent, name, child in found:
        setattr(parent, name, _Dropout(child.p).train(child.training))
    return found


@cache
def _register() -> None:
    AttentionInterface.register(ATTENTION, attend)
    AttentionMaskInterface.register(ATTENTION, eager_mask)
