"""Which rows a split may not part: those of one prompt, and those made of each other.

A row that was varied from another, or written as its twin, says nothing new of a student that
trained on the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harmaug.rows import ScoredPair
from harmaug.text import normalise

_VARIANT = re.compile(r"(:twin|:eda\d+)$")
"""What `augment` adds to the id of the row or the instruction that it goes out from."""


def groups_of(rows: Sequence[ScoredPair]) -> NDArray[np.int64]:
    """Number the groups of rows from 0, shape (n,).

    Rows share a group when they share their prompt or the row they go back to, or are tied by
    others that do.
    """
    above: dict[str, str] = {}
    names = []
    for row in rows:
        prompt, source = _first(above, f"prompt {_key(row.prompt)}"), f"id {source_of(row)}"
        above[prompt] = _first(above, source)
        names.append(source)
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(_first(above, name), len(numbers)) for name in names]
    return np.array(found, dtype=np.int64)


def source_of(row: ScoredPair) -> str:
    """Return the id of what a row goes back to: `gen:7` of `gen:7:twin:empty`, `d:1` of `d:1:eda0`.

    The rows of an instruction go back to it, and a twin to what it is the twin of.
    """
    return _VARIANT.sub("", row.id.removesuffix(f":{row.kind}"))


def _first(above: dict[str, str], name: str) -> str:
    """Follow a name to the one that stands for its group, and shorten the way."""
    while (over := above.setdefault(name, name)) != name:
        above[name] = above.setdefault(over, over)
        name = over
    return name


def _key(prompt: str) -> str:
    return " ".join(normalise(prompt).casefold().split())
