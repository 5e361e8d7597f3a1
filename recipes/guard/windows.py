"""Set how the guard reads long inputs: the size of its windows and how they are combined.

``python -m recipes.guard.windows --data DIR --model DIR`` runs after the calibration, since it
depends on the threshold, and writes the model's ``harmaug.json``. Of several sizes the one ships
that finds most of a development set's harmful requests, each inside 1,000 harmless words, where at
most 5% of harmless documents may be flagged.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from harmaug.guard import Guard, GuardSettings
from recipes.guard.documents import document, harmless_answers
from recipes.sources import read_rows

FIT_WORDS = 60_000
FIND_WORDS = 1_000
SENTENCES = 60
SIZES = (64, 128, 256)
HARMFUL = "safety_tuned_llamas_prompts"

log = logging.getLogger("recipes.guard")


def fit(folder: Path, size: int, text: str) -> Guard:
    """The guard with windows of so many tokens, combined as they score a harmless text."""
    settings = GuardSettings.load(folder)
    replace(settings, long_window=min(size, settings.window), tail=(), tail_margin=0.0).save(folder)
    Guard.load(folder, precision="int8").fit_windows([text]).save(folder)
    return Guard.load(folder, precision="int8")


def found(guard: Guard, sentences: Sequence[str], answers: list[str]) -> float:
    """Share of the sentences that are found, each somewhere in a document of its own."""
    rng = random.Random(0)
    texts = [insert(sentence, document(answers, FIND_WORDS, rng), rng) for sentence in sentences]
    return float(np.mean([verdict.flagged for verdict in guard.verdicts(texts)]))


def insert(sentence: str, text: str, rng: random.Random) -> str:
    """Put a sentence between two paragraphs of a text."""
    paragraphs = text.split("\n\n")
    at = rng.randint(0, len(paragraphs))
    return "\n\n".join([*paragraphs[:at], sentence, *paragraphs[at:]])


def choose(folder: Path, answers: list[str], sentences: Sequence[str]) -> GuardSettings:
    """Fit each size and write the settings of the best beside the model."""
    text = document(answers, FIT_WORDS, random.Random(1))
    best, most = GuardSettings.load(folder), -1.0
    for size in SIZES:
        guard = fit(folder, size, text)
        share = found(guard, sentences, answers)
        log.info("windows of %d tokens: %.3f found, %s", size, share, guard.settings)
        if share > most:
            best, most = guard.settings, share
    best.save(folder)
    return best


def main() -> None:
    """Set the windows of one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    harmful = [row.prompt for row in read_rows(arguments.data, HARMFUL) if row.label == 1]
    sentences = random.Random(0).sample(harmful, SENTENCES)
    choose(arguments.model, harmless_answers(arguments.data, "fit"), sentences)


if __name__ == "__main__":
    main()
