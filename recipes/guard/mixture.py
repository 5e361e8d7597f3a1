"""Everything that the guard is trained on, in one list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harmaug.text import normalise
from recipes.guard.authored import read_authored
from recipes.guard.clean import apart_from_benchmarks
from recipes.guard.contexts import make_contexts, make_windows
from recipes.guard.example import Example
from recipes.guard.obfuscate import obfuscate
from recipes.guard.opinion import Opinion
from recipes.guard.pairs import make_pairs, pools
from recipes.guard.public import SOURCES, Source, check_licences, examples_of
from recipes.guard.read_pairs import read_pairs, training_examples
from recipes.guard.read_texts import read_texts, unread
from recipes.guard.statements import make_statements
from recipes.guard.unlabelled import second_opinion, self_labelled
from recipes.guard.verbs import make_verbs
from recipes.guard.wild import wild_jailbreaks, wrapped
from recipes.guard.wordings import make_wordings

SURE = 0.1
"""A row whose label is in doubt by less than this may be a part of a window."""


@dataclass(frozen=True)
class Recipe:
    """How much of each: copies of authored rows, made rows by kind, and hidden spellings.

    Pairs that were read and labelled for this project count as authored; `read_share` of the texts
    that were read join once.

    `opinion_share` is the share that models of our own have in the targets of public rows.
    `share` of the public and made rows is taken, for short runs, and `authored_share` of the
    authored ones, to bring public rows back that a training forgot. `hidden` of the public rows and
    `hidden_copies` of the second and later copies of authored rows are spelt to hide words.
    `windows` of documents are made of what is beyond doubt.
    """

    opinion_share: float = 0.4
    share: float = 1.0
    authored_share: float = 1.0
    authored_copies: int = 3
    pairs: int = 3000
    contexts: int = 2000
    read_share: float = 1.0
    windows: int = 0
    wordings: int = 1600
    statements: int = 3000
    verbs: int = 6000
    hidden: float = 0.06
    hidden_copies: float = 0.3


def mixture(data: Path, recipe: Recipe, seed: int, opinion: Opinion | None = None) -> list[Example]:
    """Gather, make and spell; no row that is held for development is among them.

    From the second training on there is an `opinion` of our own, which labels the open text that
    has no labels and has a share in public labels; jailbreaks and wordings join there.

    Raises:
        DataError: a public file may not train what ships.
    """
    check_licences(data)
    rng = random.Random(seed)
    read = read_texts(data)
    public = [row for source in SOURCES for row in _share(data, source, recipe, rng)]
    public = unread(public, read)
    authored = [row.example for row in read_authored() if not row.held]
    authored += training_examples(read_pairs(data))
    authored = rng.sample(authored, round(len(authored) * recipe.authored_share))
    texts = pools([*public, *authored])
    made = make_pairs(texts, recipe.pairs, rng) + make_contexts(texts, recipe.contexts, rng)
    if opinion is not None:
        public = second_opinion(public, opinion, recipe.opinion_share)
        made += unread(self_labelled(data, opinion, rng), read)
        made += make_wordings(recipe.wordings, rng)
        made += wild_jailbreaks(data, texts, rng)
        made += _wrapped(authored, rng)
    made = rng.sample(made, round(len(made) * recipe.share))
    made += make_statements(recipe.statements, rng) + make_verbs(recipe.verbs, rng)
    sure = pools([row for row in (*public, *authored) if abs(row.harm - 0.5) > 0.5 - SURE])
    made += make_windows(sure, recipe.windows, rng, opinion)
    spelt = [_hidden(example, recipe.hidden, rng) for example in public]
    copies = list(authored)
    for _ in range(recipe.authored_copies - 1):
        copies += [_hidden(example, recipe.hidden_copies, rng) for example in authored]
    graded = [each.example for each in read if not each.held]
    graded = rng.sample(graded, round(len(graded) * recipe.read_share))
    rows = [example for example in (*spelt, *made, *copies, *graded) if _has_text(example)]
    return apart_from_benchmarks(rows, data)


def _share(data: Path, source: Source, recipe: Recipe, rng: random.Random) -> list[Example]:
    rows = examples_of(data, source, rng)
    return rng.sample(rows, round(len(rows) * recipe.share))


def _wrapped(authored: Sequence[Example], rng: random.Random) -> list[Example]:
    requests = [row for row in authored if row.register == "request" and len(row.prompt) < 200]
    harmful = [row.prompt for row in requests if row.label]
    return wrapped(harmful, [row.prompt for row in requests if not row.label], rng)


def counts(examples: Sequence[Example]) -> str:
    """Rows and label per source and register, one line each, for the log and the card."""
    table = Counter((e.register, e.source, e.label) for e in examples)
    names = sorted({key[:2] for key in table})
    lines = [f"{r:8} {s:34} {table[r, s, 1]:6} {table[r, s, 0]:6}" for r, s in names]
    for register in ("request", "text", "pair"):
        harmful = sum(n for key, n in table.items() if key[0] == register and key[2] == 1)
        harmless = sum(n for key, n in table.items() if key[0] == register and key[2] == 0)
        lines.append(f"{register:8} {'all':34} {harmful:6} {harmless:6}")
    return "\n".join(lines)


def _hidden(example: Example, share: float, rng: random.Random) -> Example:
    if rng.random() >= share:
        return example
    if example.response is None:
        return replace(example, prompt=obfuscate(example.prompt, rng))
    return replace(example, response=obfuscate(example.response, rng))


def _has_text(example: Example) -> bool:
    return bool(normalise(example.prompt).strip())
