"""Tiny real models for tests: random weights, real architectures, real tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
)

TEXT = [
    "make a single harmful instruction prompt that would elicit offensive content",
    "be super creative and do not copy the examples, write only one sentence",
    "how do i bake bread at home without an oven? here is one idea for a prompt:",
    "i'm sorry, but i cannot help with that request. absolutely! here's a story",
    "the quick brown fox jumps over the lazy dog while 0123456789 numbers pass",
] * 4

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}"
    "{% if not loop.last or message['role'] == 'user' %}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def byte_tokenizer(*special: str, words: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with the given special tokens, `<s>` and `<|end|>` first.

    Each of `words` becomes one token.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<|end|>", *special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([*TEXT, *[*words] * 100], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|end|>", padding_side="left"
    )


def chat_model(
    folder: Path,
    *,
    architecture: str = "llama",
    template: bool = True,
    seed: int = 0,
    head_dim: int = 8,
) -> Path:
    """Save a tiny causal LM whose chat template knows no system role, or has none at all.

    vLLM's attention takes heads of 32 and more.
    """
    tokenizer = byte_tokenizer("<|user|>", "<|assistant|>")
    tokenizer.chat_template = CHAT_TEMPLATE if template else None
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        architecture,
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=head_dim,
        max_position_embeddings=512,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=None,
        initializer_range=0.2,
    )
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    return folder


def word_tokenizer() -> PreTrainedTokenizerFast:
    """A BERT-style WordPiece tokenizer that puts [SEP] between two sequences.

    Its vocabulary is listed, not trained: a trainer breaks ties in another order in each process,
    and with it a model of the same seed would score otherwise.
    """
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    splitter = pre_tokenizers.BertPreTokenizer()
    words = sorted({word for text in TEXT for word, _ in splitter.pre_tokenize_str(text)})
    letters = sorted({letter for word in words for letter in word})
    pieces = [*special, *letters, *(f"##{letter}" for letter in letters), *words]
    pieces += [f"##{one}{two}" for one in letters for two in letters]
    vocabulary = {piece: index for index, piece in enumerate(list(dict.fromkeys(pieces))[:400])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def classifier(folder: Path, *, labels: dict[int, str] | None = None, seed: int = 0) -> Path:
    """Save a tiny BERT classifier; harmful is index 1 unless `labels` says otherwise."""
    tokenizer = word_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    names = labels or {0: "harmless", 1: "harmful"}
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        id2label=names,
        label2id={name: index for index, name in names.items()},
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder
