"""The sentences that the chat model was trained on, as a file of prompts.

A study sets them in the place of generated instructions: the control against knowledge that the
generator only passes on. One in four is harmless, about the share that the teacher finds among
the generated.

    python -m recipes.chat.prompts --data DIR --out build/generator_text.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from recipes.chat.sentences import harmful_sentences, harmless_sentences

SEED = 11
HARMLESS = 1 / 4


def prompts(data: Path) -> list[str]:
    """Return every harmful sentence and a third as many harmless ones, in random order."""
    harmful = [sentence.text for sentence in harmful_sentences(data)]
    harmless = [sentence.text for sentence in harmless_sentences(data)]
    rng = random.Random(SEED)
    count = min(len(harmless), round(len(harmful) * HARMLESS / (1 - HARMLESS)))
    chosen = [*harmful, *rng.sample(harmless, count)]
    rng.shuffle(chosen)
    return chosen


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found = prompts(arguments.data)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"prompt": text, "source": "generator"}) for text in found]
    arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(found)} prompts in {arguments.out}")


if __name__ == "__main__":
    main()
