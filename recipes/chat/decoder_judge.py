"""A second independent judge of harm in a prompt: the labeller's decoder, taught the judge's data.

The linear judge knows words and misses what is put in none that it has seen. This one starts from
weights that have read far more text (`recipes.guard.smollm`); of labelled rows it reads only those
of `recipes.chat.judge`, none of which trains the guard or the chat model.

``python -m recipes.chat.decoder_judge --data DIR`` trains it into ``build/recipes/judge``.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from harmaug.config import DistillConfig, TeacherConfig
from harmaug.distill import distill
from harmaug.scoring import probability
from harmaug.teachers.load import load_teacher
from recipes.chat.judge import judge_rows
from recipes.guard.example import Example, scored_pairs
from recipes.guard.log import LogProgress, log
from recipes.guard.smollm import write_start

SEED = 2025
DOUBT = 0.03
TOKENS = 128


def train_judge(data: Path, cache: Path, out: Path, epochs: float = 1.0) -> None:
    """Train the judge and write it to ``out``."""
    start = cache / "labeller-start"
    if not start.is_dir():
        write_start(cache, start)
    examples = [
        Example(text, None, 1 - DOUBT if label else DOUBT, "judge", "request")
        for text, label in judge_rows(data)
    ]
    settings = DistillConfig(
        student=str(start),
        epochs=epochs,
        batch_size=32,
        learning_rate=5e-5,
        weight_decay=0.01,
        warmup_steps=30,
        max_length=TOKENS,
        lam=0.0,
        temperature=1.0,
        balance_classes=True,
        validation_fraction=0.02,
        validations=1,
        quantise=False,
    )
    distill(scored_pairs(examples), settings, seed=SEED, tau=0.5, out=out, progress=LogProgress())


def decoder_scores(judge: Path, texts: list[str]) -> NDArray[np.float64]:
    """p(harmful) of each prompt, shape (n,)."""
    config = TeacherConfig(family="sequence", model=str(judge), dtype="bfloat16", max_length=TOKENS)
    return probability(load_teacher(config).log_odds([(text, None) for text in texts]))


def main() -> None:
    """Train the judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("build/recipes"))
    parser.add_argument("--out", type=Path, default=Path("build/recipes/judge"))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    train_judge(arguments.data, arguments.cache, arguments.out)
    log.info("the judge is in %s", arguments.out)


if __name__ == "__main__":
    main()
