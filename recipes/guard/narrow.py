"""A guard with narrower feed-forward layers, where most of its time goes.

Of each layer the neurons are kept whose output is largest, by root mean square times the norm of
what reads them; the weights that read them are fitted again, by ridge regression, to what the
whole layer gave. What is lost after that is for a training to win back.

``python -m recipes.guard.narrow --data DIR --model DIR --out DIR``
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertForSequenceClassification
from transformers.models.bert.modeling_bert import BertLayer

from harmaug.scoring import TextPair
from harmaug.text import PairEncoder
from recipes.guard.authored import read_authored
from recipes.guard.log import log
from recipes.guard.public import SOURCES, examples_of

WIDTH = 768
ROWS = 1_500
TOKENS = 128
RIDGE = 1e-3


@torch.no_grad()
def narrow(model: BertForSequenceClassification, rows: Sequence[list[Tensor]], width: int) -> None:
    """Cut every layer's feed-forward part to `width` neurons, in place.

    Args:
        model: a BERT classifier.
        rows: token ids and token types of sample rows, each shape (1, tokens).
        width: neurons to keep.
    """
    seen = _hidden(model, rows)
    for index, layer in enumerate(layers_of(model)):
        wide, deep = layer.intermediate.dense, layer.output.dense
        hidden = torch.cat(seen[index]).double()
        size = hidden.square().mean(0).sqrt() * deep.weight.double().norm(dim=0)
        kept = size.topk(width).indices.sort().values
        ones = torch.ones(len(hidden), 1, dtype=torch.float64)
        inputs = torch.cat([hidden[:, kept], ones], dim=1)
        gram = inputs.T @ inputs
        gram += RIDGE * gram.diagonal().mean() * torch.eye(width + 1, dtype=torch.float64)
        target = hidden @ deep.weight.double().T + deep.bias.double()
        # The ridge draws towards the weights that are there, not towards zero.
        there = torch.cat([deep.weight.double()[:, kept], deep.bias.double()[:, None]], dim=1).T
        fitted = there + torch.linalg.solve(gram, inputs.T @ (target - inputs @ there))
        error = (inputs @ fitted - target).square().mean() / target.var(0).mean()
        log.info("layer %d: %.3f of the variance lost", index, float(error))
        layer.intermediate.dense = _dense(wide.weight[kept], wide.bias[kept])
        layer.output.dense = _dense(fitted[:-1].T.float(), fitted[-1].float())
    model.config.intermediate_size = width


def layers_of(model: BertForSequenceClassification) -> list[BertLayer]:
    """The layers of a BERT, in order."""
    return [layer for layer in model.bert.encoder.layer if isinstance(layer, BertLayer)]


def _hidden(
    model: BertForSequenceClassification, rows: Sequence[list[Tensor]]
) -> list[list[Tensor]]:
    """What every layer's feed-forward neurons give, shape (tokens, neurons) a row."""
    layers = layers_of(model)
    seen: list[list[Tensor]] = [[] for _ in layers]
    hooks = [
        layer.intermediate.register_forward_hook(
            lambda _module, _inputs, output, found=found: found.append(output[0])
        )
        for layer, found in zip(layers, seen, strict=True)
    ]
    for ids, types in rows:
        model(input_ids=ids, token_type_ids=types)
    for hook in hooks:
        hook.remove()
    return seen


def _dense(weight: Tensor, bias: Tensor) -> nn.Linear:
    dense = nn.Linear(weight.shape[1], weight.shape[0])
    dense.weight.data.copy_(weight)
    dense.bias.data.copy_(bias)
    return dense


def sample(data: Path, tokenizer: Path) -> list[list[Tensor]]:
    """Rows of the public and authored data that trains the guard, encoded."""
    rng = random.Random(0)
    examples = [row for source in SOURCES for row in examples_of(data, source, rng)]
    examples += [row.example for row in read_authored() if not row.held]
    pairs: list[TextPair] = [(e.prompt, e.response) for e in rng.sample(examples, ROWS)]
    encoded = PairEncoder(Tokenizer.from_file(str(tokenizer)), TOKENS)(pairs)
    return [[torch.tensor([row.ids]), torch.tensor([row.type_ids])] for row in encoded]


def main() -> None:
    """Narrow one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=int, default=WIDTH)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = BertForSequenceClassification.from_pretrained(arguments.model)
    narrow(model, sample(arguments.data, arguments.model / "tokenizer.json"), arguments.width)
    model.save_pretrained(arguments.out)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(arguments.model / name, arguments.out / name)


if __name__ == "__main__":
    main()
