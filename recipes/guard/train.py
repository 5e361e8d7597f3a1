"""Train the guard: ``python -m recipes.guard.train --data DIR --out DIR``.

The project's own `distill` with lambda 0 and temperature 1, so that a row's soft target is all it
learns from.
"""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

import torch

from harmaug.config import DistillConfig
from harmaug.distill import distill
from harmaug.guard import Guard
from recipes.guard.example import scored_pairs
from recipes.guard.log import LogProgress, log
from recipes.guard.mixture import Recipe, counts, mixture
from recipes.guard.opinion import Opinion
from recipes.guard.start import write_start

SEED = 20261120


def config(start: Path, epochs: float, max_length: int, rate: float) -> DistillConfig:
    """The hyperparameters; the card names them."""
    return DistillConfig(
        student=str(start),
        epochs=epochs,
        batch_size=32,
        learning_rate=rate,
        weight_decay=0.01,
        warmup_steps=100,
        max_length=max_length,
        lam=0.0,
        temperature=1.0,
        validation_fraction=0.02,
        validations=1,
    )


def main() -> None:
    """Build the mixture, train, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--cache", type=Path, default=Path("build/recipes"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of the public rows")
    parser.add_argument("--authored", type=float, default=1.0, help="share of the authored rows")
    parser.add_argument("--copies", type=int, default=2, help="of the authored rows")
    parser.add_argument("--read", type=float, default=1.0, help="share of the texts that were read")
    parser.add_argument("--windows", type=int, default=0, help="of documents, made in twins")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--first", type=Path, nargs="+", help="earlier guards to label with")
    parser.add_argument("--prompts", type=Path, nargs="+", help="more, for prompts alone")
    parser.add_argument("--labeller", type=Path, help="a larger model to label with as well")
    parser.add_argument("--opinion", type=float, default=0.4, help="share of what they say")
    parser.add_argument("--start", type=Path, help="an earlier training to go on from")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED, help="of head, order and dropout")
    parser.add_argument("--rows-seed", type=int, default=SEED, help="of the mixture")
    arguments = parser.parse_args()
    if (arguments.labeller or arguments.prompts) and not arguments.first:
        parser.error("--labeller and --prompts label beside a guard: name one with --first")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    recipe = Recipe(
        opinion_share=arguments.opinion,
        share=arguments.share,
        authored_share=arguments.authored,
        authored_copies=arguments.copies,
        read_share=arguments.read,
        windows=arguments.windows,
    )
    guards = [Guard.load(folder) for folder in arguments.first or ()]
    of_prompts = [Guard.load(folder) for folder in arguments.prompts or ()]
    opinion = Opinion(guards, arguments.labeller, of_prompts) if guards else None
    examples = mixture(arguments.data, recipe, arguments.rows_seed, opinion)
    log.info("%s\n%d rows", counts(examples), len(examples))
    settings = config(
        arguments.start or write_start(arguments.cache),
        arguments.epochs,
        arguments.max_length,
        arguments.learning_rate,
    )
    result = distill(
        scored_pairs(examples),
        settings,
        seed=arguments.seed,
        tau=0.5,
        out=arguments.out,
        progress=LogProgress(),
    )
    log.info("%.0f s, %d tokens, %s", result.seconds, result.tokens, result.compute)


if __name__ == "__main__":
    main()
