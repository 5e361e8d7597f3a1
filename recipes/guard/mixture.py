"""Everything that the guard is trained on, in one list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harmaug.text import normalise
from recipes.guard.authored import read_authored
from recipes.guard.contexts import make_contexts
from recipes.guard.example import Example
from recipes.guard.obfuscate import obfuscate
from recipes.guard.pairs import make_pairs, pools
from recipes.guard.public import SOURCES, check_licences, examples_of


@dataclass(frozen=True)
class Recipe:
    """How much of each: copies of authored rows, made pairs and contexts, and of spellings.

    `share` of the public rows is taken, for short runs. `hidden` of the public rows and
    `hidden_copies` of the second and later copies of authored rows are spelt to hide words.
    """

    share: float = 1.0
    authored_copies: int = 3
    pairs: int = 3000
    contexts: int = 2000
    hidden: float = 0.06
    hidden_copies: float = 0.3


def mixture(data: Path, recipe: Recipe, seed: int) -> list[Example]:
    """Gather, make and spell; no row that is held for development is among them.

    Raises:
        DataError: a public file may not train what ships.
    """
    check_licences(data)
    rng = random.Random(seed)
    public: list[Example] = []
    for source in SOURCES:
        rows = examples_of(data, source, rng)
        public += rows[: round(len(rows) * recipe.share)]
    authored = [row.example for row in read_authored() if not row.held]
    texts = pools([*public, *authored])
    made = make_pairs(texts, round(recipe.pairs * recipe.share), rng)
    made += make_contexts(texts, round(recipe.contexts * recipe.share), rng)
    spelt = [_hidden(example, recipe.hidden, rng) for example in public]
    copies = list(authored)
    for _ in range(recipe.authored_copies - 1):
        copies += [_hidden(example, recipe.hidden_copies, rng) for example in authored]
    return [example for example in (*spelt, *made, *copies) if _has_text(example)]


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
