"""What decisions are made on: held-out sources and held-out rows, never `data/eval`.

The public files here bar training of shipped weights by their licence (ToxicChat, PKU-SafeRLHF and
others) or are left out of training for this purpose (OpenAI's rule-based-reward sets). None of
their rows trains the guard, so each stands for a source that the guard has not seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harmaug.rows import LabelledRow
from harmaug.sources.files import read_file
from recipes.guard.authored import read_authored
from recipes.guard.example import Example, Register
from recipes.guard.public import held_question
from recipes.guard.read_pairs import read_pairs
from recipes.guard.read_texts import HARMFUL, HARMLESS, read_texts

FILES = (
    "toxicchat_train_human",
    "saferlhf_mini",
    "harm_openai_rbr_prompts",
    "pairs_openai_rbr",
    "safety_tuned_llamas_prompts",
    "sa_wikipedia_toxicity",
    "stormfront_hate",
)
AT_MOST = 2_600
AUTHORED = {
    "authored_requests": ("benign_prompts", "harmful_prompts", "jailbreaks"),
    "authored_contrasts": ("contrasts",),
    "authored_soundalikes": ("soundalikes", "soundalikes_dev"),
    "authored_posts": ("posts", "passages"),
    "authored_statements": ("statements", "statements_dev"),
    "authored_plain": ("plain_dev",),
    "authored_roundabout": ("roundabout",),
    "authored_traffic": ("traffic", "fragments"),
    "authored_pairs": ("pairs_requests", "pairs_questions", "pairs_lookalikes"),
    "authored_answers": ("pairs_answers",),
    "authored_everyday": ("pairs_everyday",),
    "authored_dark": ("pairs_dark",),
}
"""Development sets made of the held rows of authored files."""
READ: tuple[Register, ...] = ("request", "text", "pair")
"""Development sets made of the held texts that were read, by what is judged."""


@dataclass(frozen=True)
class DevelopmentSet:
    """Labelled rows of one source that the guard was not trained on."""

    name: str
    rows: Sequence[LabelledRow]


def development_sets(data: Path) -> Iterator[DevelopmentSet]:
    """The held-out sources, then the held-out rows of sources that do train."""
    for name in FILES:
        rows = _labelled(read_file(data / "train" / f"{name}.jsonl.gz"))
        yield DevelopmentSet(name, random.Random(0).sample(rows, min(AT_MOST, len(rows))))
    questions = _labelled(read_file(data / "train" / "gptfuzz_responses.jsonl.gz"))
    yield DevelopmentSet("gptfuzz_held", [row for row in questions if held_question(row.prompt)])
    read = [row.pair for row in read_pairs(data) if row.held and row.agreed]
    yield DevelopmentSet("read_hh_harmless", _rows("read_hh_harmless", read))
    yield from _read(data)
    yield from _authored()


def _labelled(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    return [row for row in rows if row.label is not None]


def _read(data: Path) -> Iterator[DevelopmentSet]:
    texts = [each for each in read_texts(data) if each.held and each.grade in (*HARMLESS, *HARMFUL)]
    for register in READ:
        name = f"read_{register}s"
        rows = [each.example for each in texts if each.example.register == register]
        yield DevelopmentSet(name, _rows(name, rows))


def _authored() -> Iterator[DevelopmentSet]:
    held = [row.example for row in read_authored() if row.held]
    for name, sources in AUTHORED.items():
        rows = [e for e in held if e.source.removeprefix("authored_") in sources]
        yield DevelopmentSet(name, _rows(name, rows))


def _rows(name: str, examples: Sequence[Example]) -> list[LabelledRow]:
    return [
        LabelledRow(
            id=f"{name}:{index}",
            prompt=example.prompt,
            response=example.response,
            label=example.label,
            category=None,
            source=example.source,
            label_of="prompt" if example.response is None else "response",
        )
        for index, example in enumerate(examples)
    ]
