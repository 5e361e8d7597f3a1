"""Rows of the public data folder, and which of its files may train a model that ships."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file; ``label`` is 1 for harmful, 0 for harmless, None for unknown."""

    file: str
    prompt: str
    response: str | None
    label: int | None
    label_of: str | None
    category: str | None


def open_files(data: Path) -> list[str]:
    """Names of the training files whose licence lets them train shipped weights.

    Reads the column "for shipped weights" of ``MANIFEST.md``: one place decides.
    """
    names = []
    in_train = False
    for line in (data / "MANIFEST.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            in_train = line == "## train"
        cells = [cell.strip() for cell in line.split("|")]
        if in_train and len(cells) > 9 and cells[8] == "yes":
            names.append(cells[1])
    return sorted(names)


def read_rows(data: Path, name: str) -> Iterator[Row]:
    """The rows of ``train/NAME.jsonl.gz`` in file order."""
    with gzip.open(data / "train" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield Row(
                file=name,
                prompt=row["prompt"] or "",
                response=row["response"] or None,
                label=row["label"],
                label_of=row.get("label_of"),
                category=row.get("category"),
            )
