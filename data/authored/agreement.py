"""How far a second annotator, who did not see the labels, agrees with the authors of the rows.

``agreement.json`` keeps both labels of each sampled row as they were before the disagreements were
settled, with the row's key: a hash of its text, because line numbers shift when rows are added.
Two tables are written: the agreement on record, and the agreement with the labels that the files
hold today, for rows whose text is still the one that was judged.

Run ``python data/authored/agreement.py``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
KEY_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """Two labels of one row; ``id`` is the file and the line where it stood when it was drawn."""

    id: str
    key: str
    author: int
    second: int
    confidence: Literal["sure", "unsure"]

    @property
    def file(self) -> str:
        """The file that the row was drawn from."""
        return self.id.partition(":")[0]


def row_key(prompt: str, response: str | None) -> str:
    """Return the first hexadecimal digits of the SHA-256 of prompt, NUL and response."""
    text = f"{prompt}\0{response or ''}"
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]


def read_judgements(path: Path) -> list[Judgement]:
    """Read the sampled rows' labels."""
    return [Judgement(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def read_labels(files: Sequence[Path]) -> dict[str, int]:
    """Map each row's key to the label that its file holds now."""
    labels: dict[str, int] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            labels[row_key(row["prompt"], row["response"])] = row["label"]
    return labels


def cohen_kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Return Cohen's kappa (Cohen 1960), or None where chance alone would agree always."""
    total = len(pairs)
    observed = sum(first == second for first, second in pairs) / total
    first_rate = sum(first for first, _ in pairs) / total
    second_rate = sum(second for _, second in pairs) / total
    chance = first_rate * second_rate + (1 - first_rate) * (1 - second_rate)
    return None if chance == 1 else (observed - chance) / (1 - chance)


def table_row(name: str, pairs: Sequence[tuple[int, int]]) -> str:
    """Format a group's size, number of agreements, share of agreements and kappa."""
    agreed = sum(first == second for first, second in pairs)
    kappa = cohen_kappa(pairs)
    shown = "–" if kappa is None else f"{kappa:.3f}"
    return f"| {name} | {len(pairs)} | {agreed} | {agreed / len(pairs):.3f} | {shown} |"


def table(judgements: Sequence[Judgement], labels: Mapping[str, int]) -> str:
    """Return a Markdown table: a line for each file, one for all; ``labels`` are the authors'."""
    groups: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for judgement in judgements:
        groups[judgement.file].append((labels[judgement.key], judgement.second))
    every = [pair for pairs in groups.values() for pair in pairs]
    head = ["| File | Rows | Agreed | Agreement | Cohen's kappa |", "|---|---|---|---|---|"]
    lines = [table_row(f"`{name}`", pairs) for name, pairs in sorted(groups.items())]
    return "\n".join([*head, *lines, table_row("all", every)]) + "\n"


def main() -> None:
    """Write both tables and the disagreements on record to standard output."""
    judgements = read_judgements(HERE / "agreement.json")
    today = read_labels([HERE / name for name in sorted({entry.file for entry in judgements})])
    unchanged = [entry for entry in judgements if entry.key in today]
    disputed = [entry for entry in judgements if entry.author != entry.second]
    out = sys.stdout.write
    out("On record\n\n" + table(judgements, {entry.key: entry.author for entry in judgements}))
    out("\nLabels of today, rows of unchanged text\n\n" + table(unchanged, today))
    out("\nDisagreements on record\n\n")
    for entry in disputed:
        out(f"{entry.id}: author {entry.author}, second {entry.second}, {entry.confidence}\n")


if __name__ == "__main__":
    main()
