"""Tiny causal guards: random weights, real architecture, an output head that knows its answers.

A random head would give no answer any weight, so the rows of the answers' tokens point along the
embedding of the token after which they are due, each bent in a direction of its own: one of them
wins, and which one depends on all that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from tests.models import byte_tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

SIZES: Mapping[str, int] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 1024,
}


def guard_tokenizer(
    template: str | None, special: Sequence[str], words: Sequence[str]
) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer in which each of `words` is one token."""
    tokenizer = byte_tokenizer(*special, words=words)
    tokenizer.add_tokens([word for word in words if word == "\n\n"])
    tokenizer.chat_template = template
    return tokenizer


def save_guard(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    due: Mapping[str, Sequence[str]],
    architecture: str = "llama",
    seed: int = 0,
    spread: float = 0.15,
) -> Path:
    """Save a guard in which, after each token of `due`, one of its words is the likeliest."""
    torch.manual_seed(seed)
    settings = AutoConfig.for_model(
        architecture,
        vocab_size=len(tokenizer),
        initializer_range=spread,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=None,
        **SIZES,
    )
    model = AutoModelForCausalLM.from_config(settings, dtype=torch.float32)
    embedding = model.get_input_embeddings().weight
    head = model.get_output_embeddings().weight
    with torch.no_grad():
        embedding.normal_()
        for last, words in due.items():
            along = embedding[token(tokenizer, last)]
            along = along / along.norm()
            for word in words:
                bent = torch.randn(head.shape[1])
                head[token(tokenizer, word)] = 8 * (along + 0.7 * bent / bent.norm())
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def token(tokenizer: PreTrainedTokenizerFast, text: str) -> int:
    """The one token of a text."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(ids) == 1, (text, ids)
    return ids[0]


def by_hand(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    text: str,
    unsafe: Sequence[str],
    safe: Sequence[str],
) -> float:
    """The log-odds after `text` by a plain forward pass, NaN where neither answer is likeliest."""
    model = AutoModelForCausalLM.from_pretrained(folder).train(False)
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        logits = model(input_ids=ids).logits[0, -1].double().numpy()
    bad = [token(tokenizer, word) for word in unsafe]
    good = [token(tokenizer, word) for word in safe]
    if int(logits.argmax()) not in {*bad, *good}:
        return float("nan")
    odds = np.logaddexp.reduce(logits[bad]) - np.logaddexp.reduce(logits[good])
    return float(odds)
