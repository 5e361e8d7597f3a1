"""Set how the guard reads documents: how their windows are combined.

``python -m recipes.guard.windows --data DIR --model DIR`` runs after the calibration, since it
depends on the threshold, and writes the model's ``harmaug.json``: at most 5% of harmless documents
may be flagged, of those about crime and hate as well. What is shorter than a document, such as an
answer of some hundred words, is read as before: there the price in recall would be high
(docs/guard.md).
"""

from __future__ import annotations

import argparse
import logging
import os
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harmaug.guard import Guard
from recipes.guard.documents import calm_answers, document, harmless_answers
from recipes.sources import read_rows

FIT_WORDS = 300_000
"""Of public answers: some 2,000 windows, so that the one in five hundred is measured. From a tenth
of that it was drawn out from commoner ones, too far: half as much was found in 1,000 words."""
CALM_WORDS = 30_000
"""Of calm answers about dark topics."""
RATE = 0.02
"""In a document that keeps to one dark topic more windows are high than in one drawn from all: the
rule does not know that, so it aims at less than the 5% that are allowed."""
FIND_WORDS = 1_000
SENTENCES = 60
DOCUMENT_TOKENS = 1_200
"""Some 900 words."""
HARMFUL = "safety_tuned_llamas_prompts"

log = logging.getLogger("recipes.guard")


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


def main() -> None:
    """Set how one model reads documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    answers = harmless_answers(arguments.data, "fit")
    texts = [
        document(answers, FIT_WORDS, random.Random(1)),
        document(calm_answers(), CALM_WORDS, random.Random(1)),
    ]
    guard = Guard.load(arguments.model, precision="int8")
    settings = guard.fit_windows(texts, RATE, from_tokens=DOCUMENT_TOKENS)
    settings.save(arguments.model)
    harmful = [row.prompt for row in read_rows(arguments.data, HARMFUL) if row.label == 1]
    sentences = random.Random(0).sample(harmful, SENTENCES)
    share = found(Guard.load(arguments.model, precision="int8"), sentences, answers)
    log.info("%.3f found, %s", share, settings)


if __name__ == "__main__":
    main()
