"""Openly licensed pairs that came without labels, read and labelled for this project.

The texts are red-team prompts of volunteers with first replies of an assistant (HH-RLHF, MIT); the
labels in `labels/` are ours, by `data/authored/GUIDELINE.md`: two readers (a large language model,
Claude, twice, apart from each other) judged every prompt and every reply and said how sure they
were of the reply. A row is known by a hash of its text, which stays with the public data.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from recipes.guard.authored import held
from recipes.guard.example import Example, Register
from recipes.guard.public import usable
from recipes.sources import read_rows

FILE = "hh_harmless_base_test_unlabelled"
LABELS = Path(__file__).parent / "labels" / f"{FILE}.jsonl"
BELIEF = {"3": 0.97, "2": 0.88, "1": 0.65}
"""How likely a reader is right who is sure, rather sure, or could go either way."""
PROMPT_BELIEF = 0.94


@dataclass(frozen=True, slots=True)
class ReadPair:
    """A pair as two readers saw it; `held` pairs never train the guard, by prompt."""

    request: Example
    pair: Example
    held: bool
    agreed: bool


@dataclass(frozen=True, slots=True)
class Labels:
    """What two readers said, a letter each: h or s, and 1 to 3 for how sure."""

    prompt: str
    response: str
    sure: str


def key(prompt: str, response: str | None) -> str:
    """Name a pair by its text; an empty response is another than none."""
    text = prompt if response is None else f"{prompt}\0{response}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_pairs(data: Path) -> list[ReadPair]:
    """Every labelled pair of the file, in its order."""
    labels = read_labels()
    found = []
    for row in read_rows(data, FILE):
        if not usable(row, "pair") or row.response is None:
            continue
        said = labels.get(key(row.prompt, row.response))
        if said is not None:
            found.append(_read(row.prompt, row.response, said))
    return found


def read_labels(path: Path = LABELS) -> dict[str, Labels]:
    """The labels by the name of their pair."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["pair"]: Labels(row["prompt"], row["response"], row["sure"]) for row in rows}


def training_examples(pairs: list[ReadPair]) -> list[Example]:
    """What trains: each prompt once, each pair, without those that are held."""
    requests = {each.request.prompt: each.request for each in pairs if not each.held}
    return [*requests.values(), *(each.pair for each in pairs if not each.held)]


def _read(prompt: str, response: str, said: Labels) -> ReadPair:
    request = _mean([PROMPT_BELIEF if vote == "h" else 1 - PROMPT_BELIEF for vote in said.prompt])
    pair = _mean(
        [
            BELIEF[sure] if vote == "h" else 1 - BELIEF[sure]
            for vote, sure in zip(said.response, said.sure, strict=True)
        ]
    )
    return ReadPair(
        request=_example(prompt, None, request, "request"),
        pair=_example(prompt, response, pair, "pair"),
        held=held(prompt),
        agreed=len(set(said.response)) == 1 and "1" not in said.sure,
    )


def _example(prompt: str, response: str | None, harm: float, register: Register) -> Example:
    return Example(prompt, response, harm, "read_hh_harmless", register)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
