"""The data written for this project: most trains the guard, a tenth is kept to develop on.

Files that were written to develop on are kept whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harmaug.augment.minors import sexualises_minors
from recipes.guard.example import Example, Register

FOLDER = Path("data/authored")
DEVELOPMENT = ("soundalikes_dev", "statements_dev", "plain_dev")
"""Written to develop on: every row is held."""
TWINS = (
    "contrasts",
    "posts",
    "statements",
    "roundabout",
    "soundalikes",
    "passages",
    "traffic",
    "fragments",
)
"""Files whose lines are near twins two by two: both stay on one side of the split."""
TRIPLETS = ("pairs_dark", "pairs_lookalikes")
"""Files of three lines each: a harmless pair, then two answers to a near twin of its prompt."""
REQUESTS = ("benign_prompts", "harmful_prompts", "jailbreaks", *TWINS, *DEVELOPMENT)
PAIRS = ("pairs_requests", "pairs_questions", "pairs_answers", "pairs_everyday", *TRIPLETS)
TEXTS = ("posts", "statements", "passages", "fragments")
"""Read as they are and put into no pair: nobody asks for anything in them, or only late."""
DOUBT = 0.02
HELD = 10


@dataclass(frozen=True, slots=True)
class Authored:
    """An authored row; `held` rows never train the guard."""

    example: Example
    category: str
    held: bool


def read_authored(folder: Path = FOLDER) -> list[Authored]:
    """Every authored row, in file order. Rows that share a prompt or a wrapper stay together."""
    result = []
    for name in (*REQUESTS, *PAIRS):
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for index, line in enumerate(lines):
                row = json.loads(line)
                if sexualises_minors(f"{row['prompt']} {row['response'] or ''}"):
                    continue
                example = Example(
                    prompt=row["prompt"],
                    response=row["response"],
                    harm=1 - DOUBT if row["label"] else DOUBT,
                    source=f"authored_{name}",
                    register=_register(name, row),
                )
                result.append(Authored(example, str(row["category"]), _is_held(name, index, row)))
    return result


def _register(name: str, row: Mapping[str, object]) -> Register:
    if row["response"]:
        return "pair"
    return "text" if name in TEXTS else "request"


def _is_held(name: str, index: int, row: Mapping[str, object]) -> bool:
    if name in DEVELOPMENT:
        return True
    if name in TWINS:
        return held(f"{name} {index // 2}")
    if name in TRIPLETS:
        return held(f"{name} {index // 3}")
    return wrapper_held(row["wrapper"]) if "wrapper" in row else held(str(row["prompt"]))


def wrapper_held(index: object) -> bool:
    """Whether an authored wrapper, and all that it carries, is kept for development."""
    return held(f"wrapper {index}")


def held(key: str) -> bool:
    """Whether what is named by this key is kept for development: a tenth is."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % HELD == 0
