"""Long inputs and the guard: how often harmless ones are flagged, and what is found in them.

    python -m benchmarks.long [--model REF] [--documents N] [--json FILE]

Harmless documents of 1,000, 10,000 and 100,000 words are put together from the public answers in
``HARMAUG_DATA`` that neither trained the guard nor set its windows (`recipes.guard.documents`).
Harmful requests that the guard flags alone are then put at the start, in the middle and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from recipes.guard.documents import document, harmless_answers
from recipes.sources import read_rows

from harmaug.guard import Guard
from harmaug.guard.calibrate import wilson

LENGTHS = (1_000, 10_000, 100_000)
HARMFUL = "safety_tuned_llamas_prompts"
PLACES = {"start": 0.0, "middle": 0.5, "end": 1.0}

Figures = dict[str, float | str]


def put(sentence: str, text: str, place: float) -> str:
    """The text with a sentence as a paragraph of its own."""
    paragraphs = text.split("\n\n")
    at = round(place * len(paragraphs))
    return "\n\n".join([*paragraphs[:at], sentence, *paragraphs[at:]])


def measure(
    guard: Guard, answers: list[str], sentences: Sequence[str], words: int, documents: int
) -> Iterator[Figures]:
    """One length: the flagged share of harmless documents, then what is found at each place."""
    rng = random.Random(words)
    texts = [document(answers, words, rng) for _ in range(documents)]
    started = time.perf_counter()
    verdicts = guard.verdicts(texts)
    seconds = (time.perf_counter() - started) / documents
    yield {
        "words": words,
        "what": "harmless, flagged",
        **share([verdict.flagged for verdict in verdicts]),
        "out_of_scope": round(sum(not v.in_scope for v in verdicts) / documents, 3),
        "seconds_each": round(seconds, 2),
    }
    for name, place in PLACES.items():
        found = [
            guard.check(put(sentences[index % len(sentences)], text, place)).flagged
            for index, text in enumerate(texts)
        ]
        yield {"words": words, "what": f"harmful at the {name}, found", **share(found)}


def share(flagged: Sequence[bool]) -> Figures:
    """A share with its interval."""
    low, high = wilson(sum(flagged), len(flagged))
    return {
        "share": round(sum(flagged) / len(flagged), 3),
        "interval": f"[{low:.3f}, {high:.3f}]",
        "documents": len(flagged),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--point", help="an operating point; the default one otherwise")
    parser.add_argument("--documents", type=int, default=100, help="of 1,000 words; a fifth beyond")
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not given.data:
        print("skipped: set HARMAUG_DATA, or give --data, for the texts")
        return
    guard = Guard.load(given.model)
    if given.point:
        guard = guard.operating_point(given.point)
    answers = harmless_answers(given.data, "measure")
    harmful = [row.prompt for row in read_rows(given.data, HARMFUL) if row.label == 1]
    sentences = [text for text in harmful if guard.check(text).flagged]
    print(f"{len(sentences)} of {len(harmful)} harmful requests are flagged alone", flush=True)
    figures: list[Figures] = []
    for words in LENGTHS:
        documents = given.documents if words == LENGTHS[0] else max(1, given.documents // 5)
        for row in measure(guard, answers, sentences, words, documents):
            figures.append(row)
            print(*(f"{name} {value}" for name, value in row.items()), sep=", ", flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
