"""The quickstart's second benchmark: authored data that trained nothing.

It is the tenth, held from training, of the files that were written before its first figures.

``python -m recipes.quickstart_held`` writes it into the package. Which rows are held is decided by
a hash of prompt, wrapper or twins (`recipes.guard.authored`), so nobody chooses them; run it again
when authored rows were added.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from recipes.guard.authored import DEVELOPMENT, Authored, read_authored

FILE = Path("src/harmaug/assets/data/quickstart_held.jsonl")
LATER = tuple(
    f"authored_{name}"
    for name in (
        "pairs_everyday",
        "pairs_dark",
        "pairs_lookalikes",
        "soundalikes",
        "passages",
        "traffic",
        "fragments",
        *DEVELOPMENT,
    )
)
"""Written after the benchmark's first figures: left out, so that it stays the same."""
GROWN = {"authored_posts": 1254, "authored_statements": 696, "authored_pairs_requests": 1000}
"""Rows of a file that stood in it then; what was added to it later is left out too."""


def held_rows() -> list[dict[str, object]]:
    """The held rows in file order, with the fields of the quickstart's other files."""
    held = [row for row in _early(read_authored()) if row.held]
    return [
        {
            "id": f"qs-held-{number:04}",
            "prompt": row.example.prompt,
            "response": row.example.response,
            "label": row.example.label,
            "category": row.category,
            "kind": "prompt" if row.example.response is None else "pair",
            "source": row.example.source.replace("authored_", "harmaug-"),
            "twin": None,
        }
        for number, row in enumerate(held, 1)
    ]


def _early(rows: Iterable[Authored]) -> Iterator[Authored]:
    seen: Counter[str] = Counter()
    for row in rows:
        source = row.example.source
        seen[source] += 1
        if source not in LATER and seen[source] <= GROWN.get(source, seen[source]):
            yield row


def main() -> None:
    """Write the file."""
    lines = [json.dumps(row, ensure_ascii=False) for row in held_rows()]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
