"""The student: any Hugging Face encoder, or a decoder with a classification head."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from harmaug.embedded import embedded_model
from harmaug.errors import ModelError
from harmaug.export.quiet import quiet_transformers

EMBEDDED = "embedded-encoder"
LABELS = {0: "harmless", 1: "harmful"}


@dataclass(frozen=True)
class Student:
    """A model with two logits (harmless, harmful) in float32, and its tokenizer.

    `limit` is the most positions the backbone has, None where attention is relative only.
    `token_types` tells whether the model reads which sequence a token belongs to.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    limit: int | None
    token_types: bool
    pad_id: int

    @property
    def fast_tokenizer(self) -> Tokenizer:
        """The tokenizer without its `transformers` wrapping."""
        return self.tokenizer.backend_tokenizer

    def window(self, max_length: int) -> int:
        """Return the most tokens of a row: what is asked for, within what the backbone has."""
        return max_length if self.limit is None else min(max_length, self.limit)


def load_student(name: str, revision: str | None, seed: int, layers: int | None = None) -> Student:
    """Load a backbone and give it a classification head drawn by `seed`.

    Args:
        name: a folder, a hub id, or `embedded-encoder`, which a checkout has.
        revision: of the hub model.
        seed: of the new head.
        layers: how many layers to keep, None for all.

    Raises:
        ModelError: when there is no such model, it cannot classify sequences, or it has fewer
            layers.
    """
    source = _resolve(name)
    torch.manual_seed(seed)
    with quiet_transformers():
        try:
            tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
            model = AutoModelForSequenceClassification.from_pretrained(
                source,
                revision=revision,
                num_labels=2,
                id2label=LABELS,
                label2id={label: index for index, label in LABELS.items()},
                dtype=torch.float32,
                ignore_mismatched_sizes=True,
            )
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ModelError(f"student '{name}' cannot be loaded: {reason}") from None
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(f"student '{name}' has no fast tokenizer (tokenizer.json)")
    rows = model.get_input_embeddings().weight.shape[0]
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id >= rows:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token_id is None:
        raise ModelError(f"student '{name}': its tokenizer has neither pad nor eos token; set one")
    if layers is not None:
        keep_layers(model, layers, name)
    tokenizer.padding_side = "right"
    model.config.pad_token_id = tokenizer.pad_token_id
    model.config.use_cache = False
    return Student(
        model=model,
        tokenizer=tokenizer,
        limit=position_limit(model),
        token_types=_reads_token_types(model),
        pad_id=tokenizer.pad_token_id,
    )


def keep_layers(model: PreTrainedModel, layers: int, name: str) -> None:
    """Cut a model in place to `layers` of its layers, evenly spaced, the first one among them.

    Raises:
        ModelError: when it has fewer, or no stack of layers that is known.
    """
    depth = model.config.num_hidden_layers
    stacks = [
        (parent, field)
        for parent in model.base_model.modules()
        for field, child in parent.named_children()
        if isinstance(child, nn.ModuleList) and len(child) == depth
    ]
    if not stacks or layers > depth:
        raise ModelError(f"student '{name}' has {depth} layers: distill.layers {layers} cannot be")
    parent, field = stacks[0]
    stack = list(getattr(parent, field))
    places = [round(at * (depth - 1) / max(layers - 1, 1)) for at in range(layers)]
    setattr(parent, field, nn.ModuleList([stack[place] for place in places]))
    model.config.num_hidden_layers = layers
    kinds = model.config.to_dict().get("layer_types")
    if kinds is not None:
        model.config.layer_types = [kinds[place] for place in places]


def position_limit(model: PreTrainedModel) -> int | None:
    """Return how many positions a backbone can tell apart, None where only distance counts.

    A table of absolute positions is the limit, less the rows that RoBERTa's numbering skips.
    DeBERTa-v2/v3 without such a table buckets distances and reads on; rotary models have the
    length they were trained at.
    """
    for name, module in model.named_modules():
        if name.endswith(".position_embeddings") and isinstance(module, nn.Embedding):
            skipped = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - skipped
    config = model.config.to_dict()
    if config.get("relative_attention"):
        return None
    limit = config.get("max_position_embeddings")
    return limit if isinstance(limit, int) else None


def _resolve(name: str) -> str:
    if name == EMBEDDED:
        return str(embedded_model("encoder"))
    folder = Path(name)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ModelError(f"student '{name}' is a folder without config.json: not a model folder")
    if not folder.is_dir() and (folder.is_absolute() or name.startswith(".") or "\\" in name):
        raise ModelError(f"student '{name}': no such folder")
    return name


def _reads_token_types(model: PreTrainedModel) -> bool:
    sizes = model.config.to_dict().get("type_vocab_size")
    accepted = inspect.signature(model.forward).parameters
    return "token_type_ids" in accepted and isinstance(sizes, int) and sizes > 1
