"""Train the chat model: ``python -m recipes.chat.train --data DIR``.

Documents are drawn anew for every chunk from the chunk's own seed, so no two passes see the same
lists, and a run that was stopped goes on from its last checkpoint with the same text.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertLMHeadModel

from harmaug.distill.compute import choose_compute
from recipes.chat.corpus import Corpus, load_corpus
from recipes.chat.mix import Pieces, documents
from recipes.chat.model import FEW, grown, loss, save_chat, warm_model
from recipes.chat.tokens import chat_tokenizer, save
from recipes.minilm import minilm_folder

FOLDER = Path("models/chat")
MAX_TOKENS = 320
BATCH_TOKENS = 6144
CHUNK = 3000
LEARNING_RATE = 8e-4
WARMUP_TOKENS = 200_000
# The learning rate falls, and starts over with each leg: first with few layers, then with all.
FEW_LEGS = (6_600_000, 1_700_000, 1_100_000, 1_600_000)
LEGS = (2_800_000,)
SEED = 11

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where a run is: chunks done and tokens seen."""

    chunk: int = 0
    tokens: int = 0


def encode(pieces: Pieces, tokenizer: Tokenizer) -> tuple[list[int], list[float]]:
    """Ids and loss weights of a document."""
    ids: list[int] = []
    weights: list[float] = []
    for text, weight in pieces:
        new = tokenizer.encode(text).ids
        ids += new
        weights += [weight] * len(new)
    return ids[:MAX_TOKENS], weights[:MAX_TOKENS]


def batches(
    chunk: int, corpus: Corpus, tokenizer: Tokenizer, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Right-padded ids and weights of one chunk, documents of like length together."""
    rng = random.Random(seed * 1_000_003 + chunk)
    rows = [encode(pieces, tokenizer) for pieces in documents(corpus, CHUNK, rng)]
    rows.sort(key=lambda row: len(row[0]))
    groups: list[list[tuple[list[int], list[float]]]] = [[]]
    for row in rows:
        if len(row[0]) * (len(groups[-1]) + 1) > BATCH_TOKENS:
            groups.append([])
        groups[-1].append(row)
    rng.shuffle(groups)
    for group in groups:
        width = max(len(ids) for ids, _ in group)
        yield (
            torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in group]),
            torch.tensor([w + [0.0] * (width - len(w)) for _, w in group]),
        )


def learning_rate(seen: int, legs: Sequence[int]) -> float:
    """Within each leg a linear warm-up, then a cosine to a fiftieth."""
    leg = legs[0]
    for leg in legs:
        if seen < leg:
            break
        seen -= leg
    warm = min(1.0, (seen + 1) / WARMUP_TOKENS)
    return LEARNING_RATE * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * seen / leg)))


def optimizer_of(model: BertLMHeadModel) -> torch.optim.AdamW:
    """AdamW that decays matrices only."""
    decayed = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98), fused=True)


def train(
    model: BertLMHeadModel, corpus: Corpus, legs: Sequence[int], checkpoint: Path, seed: int
) -> None:
    """Train for the tokens of all ``legs``, resuming from ``checkpoint`` where it exists.

    ``seed`` draws the documents.
    """
    total = sum(legs)
    tokenizer, optimizer, progress = chat_tokenizer(), optimizer_of(model), Progress()
    compute = choose_compute("auto")
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        for group in optimizer.param_groups:
            group["fused"], group["foreach"] = True, None
        progress = Progress(saved["chunk"], saved["tokens"])
        log.info("resumed at %d tokens", progress.tokens)
    started, before = time.monotonic(), progress.tokens
    while progress.tokens < total:
        losses = []
        for ids, weights in batches(progress.chunk, corpus, tokenizer, seed):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(progress.tokens, legs)
            with compute.autocast():
                value = loss(model, ids, weights)
            optimizer.zero_grad()
            torch.autograd.backward(value)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(value.item())
            progress.tokens += ids.numel()
            if progress.tokens >= total:
                break
        progress.chunk += 1
        speed = (progress.tokens - before) / (time.monotonic() - started)
        mean = sum(losses) / len(losses)
        log.info("%.2fM tokens, loss %.3f, %.0f tokens/s", progress.tokens / 1e6, mean, speed)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        partial = checkpoint.with_suffix(".partial")
        torch.save({**state, "chunk": progress.chunk, "tokens": progress.tokens}, partial)
        partial.replace(checkpoint)


def main() -> None:
    """Train and write ``FOLDER``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("build/recipes"))
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(SEED)
    minilm = minilm_folder(arguments.cache)
    corpus = load_corpus(arguments.data, minilm)
    few = warm_model(minilm, FEW).train()
    train(few, corpus, FEW_LEGS, arguments.cache / "chat-few.pt", SEED)
    model = grown(few, minilm).train()
    train(model, corpus, LEGS, arguments.cache / "chat.pt", SEED + 1)
    save(arguments.out)
    save_chat(model, arguments.out)


if __name__ == "__main__":
    main()
