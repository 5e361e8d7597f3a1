"""Keeps what is written or made here apart from the benchmarks.

The public files come without near-copies of benchmark prompts; authored rows and what is
made by grammar are held to the same measure (word-trigram Jaccard of .6 or more).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harmaug.augment.overlap import OverlapIndex
from harmaug.sources.files import read_file
from recipes.guard.example import Example
from recipes.guard.log import log

NEAR = 0.6
OURS = ("authored_", "made_wordings", "made_wrapped", "made_statements", "made_verbs")


def apart_from_benchmarks(examples: Sequence[Example], data: Path) -> list[Example]:
    """Leave out rows of ours that nearly equal a prompt of ``data/eval``."""
    files = sorted((data / "eval").glob("*.jsonl.gz"))
    index = OverlapIndex({row.prompt for file in files for row in read_file(file)})
    kept, known = [], dict[str, bool]()
    for example in examples:
        if example.source.startswith(OURS):
            if example.prompt not in known:
                known[example.prompt] = index.highest(example.prompt) >= NEAR
            if known[example.prompt]:
                continue
        kept.append(example)
    log.info("%d rows of ours left out as near a benchmark prompt", len(examples) - len(kept))
    return kept
