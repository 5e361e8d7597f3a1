"""Tiny causal guards: random weights, real architecture, an output head that knows its answers.

A random head would give no answer any weight, so the rows of the answers' tokens point along the
embedding of the token after which they are due, each bent in a direction of its own: one of them
wins, and which one depends on all that was read.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from tests.models import TEXT, byte_tokenizer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

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
    template: str | None, special: Sequence[str], words: Sequence[str], fixed: Sequence[str] = ()
) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer in which each of `words` is one token.

    So is each text of `fixed`: a family's long policy, which would be thousands of bytes.
    """
    tokenizer = byte_tokenizer(*special, words=[word for word in words if word not in special])
    tokenizer.add_tokens([*(word for word in words if word == "\n\n"), *fixed])
    tokenizer.chat_template = template
    return tokenizer


def unigram_tokenizer(
    *special: str, words: Sequence[str] = (), pair: str = "$A </s> $B </s>"
) -> PreTrainedTokenizerFast:
    """A SentencePiece-like tokenizer that ends with `</s>`, as T5's; each of `words` is a token.

    Its control tokens stand in the unigram vocabulary too, so that text alone can reach them.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=[*special, "<unk>"], unk_token="<unk>"
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    settings = json.loads(tokenizer.to_str())
    settings["model"]["vocab"] += [[f"▁{word}", -1.0] for word in words]
    tokenizer = Tokenizer.from_str(json.dumps(settings))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=pair.partition(" $B")[0].removesuffix(" </s>") if "<s>" in pair else "$A </s>",
        pair=pair,
        special_tokens=[
            (token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>") if token in special
        ],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
        extra_special_tokens=[token for token in special if token not in {"<pad>", "</s>"}],
    )


def save_guard(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    due: Mapping[str, Sequence[str]],
    architecture: str = "llama",
    seed: int = 0,
    spread: float = 0.15,
    **sizes: int,
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
        **{**SIZES, **sizes},
    )
    model = AutoModelForCausalLM.from_config(settings, dtype=torch.float32)
    return save_pointed(folder, model, tokenizer, due)


def save_pointed(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    due: Mapping[str, Sequence[str]],
) -> Path:
    """Point a model's head at the answers that are due, and save it."""
    embedding = model.get_input_embeddings().get_parameter("weight")
    head = model.get_output_embeddings().get_parameter("weight")
    with torch.no_grad():
        embedding.normal_()
        for word in {word for words in due.values() for word in words}:
            head[token(tokenizer, word)] = 0
        for last, words in due.items():
            along = embedding[token(tokenizer, last)]
            along = along / along.norm()
            for word in words:
                bent = torch.randn(head.shape[1])
                head[token(tokenizer, word)] += 8 * (along + 0.7 * bent / bent.norm())
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def token(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    """The one token of a text."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(ids) == 1, (text, ids)
    return ids[0]


def by_hand(
    folder: Path,
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    unsafe: Sequence[str],
    safe: Sequence[str],
) -> float:
    """The log-odds after `text` by a plain forward pass, NaN where neither answer is likeliest."""
    logits = logits_after(folder, tokenizer, text)
    bad = [token(tokenizer, word) for word in unsafe]
    good = [token(tokenizer, word) for word in safe]
    if int(logits.argmax()) not in {*bad, *good}:
        return float("nan")
    odds = np.logaddexp.reduce(logits[bad]) - np.logaddexp.reduce(logits[good])
    return float(odds)


def written_by_hand(
    folder: Path, tokenizer: PreTrainedTokenizerBase, text: str, until: str, most: int
) -> str | None:
    """What the model goes on with, one plain forward pass a token, up to `until`, without it.

    None where it ends, or has written `most` tokens, before that.
    """
    written = ""
    for _ in range(most):
        next_token = int(logits_after(folder, tokenizer, text + written).argmax())
        written += str(tokenizer.decode([next_token]))
        if until in written:
            return written.partition(until)[0]
        if next_token == tokenizer.eos_token_id:
            break
    return None


def logits_after(
    folder: Path, tokenizer: PreTrainedTokenizerBase, text: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The next token's logits after `text`, one row without padding."""
    model = _loaded(folder, (folder / "model.safetensors").stat().st_mtime_ns)
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        found: np.ndarray[tuple[int], np.dtype[np.float64]] = (
            model(input_ids=ids).logits[0, -1].double().numpy()
        )
    return found


@functools.lru_cache(maxsize=2)
def _loaded(folder: Path, saved: int) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder).train(False)
    return model
