"""Scored pairs as the student reads them: token ids once, and the two targets of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from harmaug.distill.groups import groups_of
from harmaug.distill.loss import teacher_probability
from harmaug.errors import DataError
from harmaug.rows import ScoredPair
from harmaug.scoring import log_odds_of
from harmaug.text import PairEncoder, normalise

Rows = NDArray[np.int64]
"""Indices into the examples, shape (k,)."""

ENCODE_ROWS = 2_048


@dataclass(frozen=True)
class Examples:
    """Rows ready to train on, n of them, their tokens end to end in two flat arrays.

    Row i holds tokens[starts[i]:starts[i + 1]]. `teacher` is the teacher's p(unsafe) at the
    distillation temperature and `label` is c, both shape (n,). Rows of one `group` belong to one
    side of a split (`groups_of`). `counts` tells the rows of each kind, and `left out` the rows
    without any target.
    """

    tokens: NDArray[np.int32]
    types: NDArray[np.uint8]
    starts: Rows
    teacher: NDArray[np.float32]
    label: NDArray[np.float32]
    group: Rows
    counts: dict[str, int]

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def lengths(self) -> Rows:
        """Tokens of each row, shape (n,)."""
        return np.diff(self.starts)


def targets(row: ScoredPair, temperature: float, tau: float) -> tuple[float, float] | None:
    """Return a row's (teacher p(unsafe), c), or None where there is nothing to learn from.

    c is the human label where there is one, else the teacher's hard label. Where the teacher
    gave no answer the human label stands in for it, which leaves BCE alone.
    """
    if row.score is None:
        return None if row.label is None else (float(row.label), float(row.label))
    log_odds = row.log_odds
    if log_odds is None:
        log_odds = float(log_odds_of(np.array(row.score)))
    label = row.score > tau if row.label is None else row.label
    return teacher_probability(log_odds, row.score, temperature, tau), float(label)


def examples_of(
    rows: Sequence[ScoredPair],
    tokenizer: Tokenizer,
    *,
    max_length: int,
    temperature: float,
    tau: float,
) -> Examples:
    """Encode rows, each by itself, at most `max_length` tokens.

    Raises:
        DataError: when no row has a target, all have the same class, or a row has no text.
    """
    found = [(row, targets(row, temperature, tau)) for row in rows]
    kept = [(row, target) for row, target in found if target is not None]
    label = np.array([target[1] for _, target in kept], dtype=np.float32)
    _check(label, len(rows))
    counts = Counter(str(row.kind) for row, _ in kept)
    counts["left out"] = len(rows) - len(kept)
    tokens, types, lengths = _encode([row for row, _ in kept], tokenizer, max_length)
    return Examples(
        tokens=tokens,
        types=types,
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        teacher=np.array([target[0] for _, target in kept], dtype=np.float32),
        label=label,
        group=groups_of([row for row, _ in kept]),
        counts=dict(counts),
    )


def _check(label: NDArray[np.float32], rows: int) -> None:
    if not len(label):
        raise DataError(f"none of {rows} rows has a label or a score: label them before distilling")
    if label.min() == label.max():
        name = "harmful" if label[0] == 1 else "harmless"
        raise DataError(f"all {len(label)} rows are {name}: a guard needs rows of both classes")


def _encode(
    rows: Sequence[ScoredPair], tokenizer: Tokenizer, max_length: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8], list[int]]:
    """Encode in chunks, since Python integers take ten times the room of these arrays."""
    encoder = PairEncoder(tokenizer, max_length)
    tokens, types, lengths = [], [], []
    for start in range(0, len(rows), ENCODE_ROWS):
        chunk = rows[start : start + ENCODE_ROWS]
        pairs = [(normalise(r.prompt), r.response and normalise(r.response)) for r in chunk]
        for row, encoded in zip(chunk, encoder(pairs), strict=True):
            if not len(encoded):
                raise DataError(f"row '{row.id}' has no text: leave it out")
            tokens.append(np.array(encoded.ids, dtype=np.int32))
            types.append(np.array(encoded.type_ids, dtype=np.uint8))
            lengths.append(len(encoded))
    return np.concatenate(tokens), np.concatenate(types), lengths
