"""The chat model: MiniLM's layers read left to right, with a head tied to the embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertLMHeadModel

from recipes.chat.tokens import END, chat_tokenizer
from recipes.warm_start import minilm_weights, save_weights

LAYERS = 6
FEW = (0, 1, 3, 5)
"""The layers that the first legs train: four learn what six need the time for."""
# Names that BertLMHeadModel ties to the word embeddings and its bias.
TIED = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")


def warm_model(minilm: Path, layers: Sequence[int]) -> BertLMHeadModel:
    """A decoder with MiniLM's layers and trimmed embeddings; its head starts as the identity."""
    state = minilm_weights(minilm, layers)
    config = BertConfig.from_pretrained(minilm)
    config.vocab_size = len(state["embeddings.word_embeddings.weight"])
    config.num_hidden_layers = len(layers)
    config.is_decoder = True
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config.eos_token_id = chat_tokenizer().token_to_id(END)
    config.bos_token_id = None
    model = BertLMHeadModel(config)
    model.bert.load_state_dict(
        {k: v for k, v in state.items() if not k.startswith("pooler")}, strict=True
    )
    nn.init.eye_(model.cls.predictions.transform.dense.weight)
    return model


def grown(few: BertLMHeadModel, minilm: Path) -> BertLMHeadModel:
    """All six layers: those of ``few`` where they came from, and MiniLM's own between them."""
    model = warm_model(minilm, range(LAYERS))
    model.bert.embeddings.load_state_dict(few.bert.embeddings.state_dict())
    model.cls.load_state_dict(few.cls.state_dict())
    for place, layer in zip(FEW, few.bert.encoder.layer, strict=True):
        model.bert.encoder.layer[place].load_state_dict(layer.state_dict())
    return model


def loss(model: BertLMHeadModel, ids: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean cross-entropy of the next token.

    ``ids`` and ``weights`` are (batch, tokens), padded on the right, where causal attention keeps
    the padding from being seen. The head runs only where the next token has a weight.
    """
    hidden = model.bert(ids)[0][:, :-1]
    goal, weight = ids[:, 1:], weights[:, 1:]
    chosen = weight > 0
    logits = model.cls(hidden[chosen])
    each = functional.cross_entropy(logits.float(), goal[chosen], reduction="none")
    return (each * weight[chosen]).sum() / weight[chosen].sum()


@torch.no_grad()
def save_chat(model: BertLMHeadModel, folder: Path) -> None:
    """Write ``config.json``, ``generation_config.json`` and the weights, in 8 bits."""
    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = ["BertLMHeadModel"]
    model.config.dtype = "float32"
    model.config.save_pretrained(folder)
    model.generation_config.eos_token_id = model.config.eos_token_id
    model.generation_config.pad_token_id = model.config.pad_token_id
    model.generation_config.save_pretrained(folder)
    save_weights(model, folder, tied=TIED)
