"""The journal: every answer a server was paid for, kept on disk, and exact accounts of asking.

SQLite in write-ahead mode: each answer is one transaction, so that a process killed at any moment
loses only what was under way, and several workers may write to one journal.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harmaug.errors import RunFolderError
from harmaug.llm.base import Completion

Event = Literal["asked", "answered", "retried", "given up", "floored"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, tokens_in INTEGER, tokens_out INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (event TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""
COUNT = "INSERT INTO accounts VALUES (?, 1) ON CONFLICT (event) DO UPDATE SET count = count + 1"
BUSY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Accounts:
    """What was asked of servers. `retried` counts tries after the first.

    `floored` counts scores in which a token of an answer was not among the log-probabilities that
    the server returned, so that it may be as likely as the lowest one.
    """

    asked: int = 0
    answered: int = 0
    retried: int = 0
    given_up: int = 0
    floored: int = 0

    @property
    def interrupted(self) -> int:
        """Requests that were under way when a process died (or are under way now)."""
        return self.asked - self.answered - self.given_up

    def __str__(self) -> str:
        """Say them in one line."""
        floored = f"; {self.floored} scores floored" if self.floored else ""
        return (
            f"{self.asked} requests asked, {self.answered} answered, {self.given_up} given up, "
            f"{self.interrupted} interrupted; {self.retried} further tries{floored}"
        )


class Journal:
    """Answers by the hash of what was asked; without a path it lives in memory only."""

    def __init__(self, path: Path | None) -> None:
        """Open the journal, or make it.

        Raises:
            RunFolderError: when it cannot be opened, or the file is something else.
        """
        self._path = path
        self._lock = threading.Lock()
        with self._one_line():
            self._database = sqlite3.connect(
                path or ":memory:", timeout=BUSY_SECONDS, check_same_thread=False
            )
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(SCHEMA)

    def find(self, key: str) -> Completion | None:
        """Return the answer that was given to this key before."""
        query = "SELECT text, tokens_in, tokens_out FROM answers WHERE key = ?"
        with self._lock, self._one_line():
            row: tuple[str, int, int] | None = self._database.execute(query, (key,)).fetchone()
        return None if row is None else Completion(row[0], None, row[1], row[2])

    def count(self, event: Event) -> None:
        """Add one to an account."""
        with self._lock, self._one_line(), self._database:
            self._database.execute(COUNT, (event,))

    def answered(
        self, key: str, answer: Completion, *, by: str, keep: bool, events: Sequence[Event] = ()
    ) -> None:
        """Count an answer of the model `by`, and events; keep it, unless it must stay off disk."""
        counted = ("answered", _answered_by(by), *events)
        with self._lock, self._one_line(), self._database:
            self._database.executemany(COUNT, [(event,) for event in counted])
            if keep:
                self._database.execute(
                    "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)",
                    (key, answer.text, answer.tokens_in, answer.tokens_out),
                )

    def accounts(self) -> Accounts:
        """Return the accounts of everything ever asked through this journal."""
        with self._lock, self._one_line():
            rows = self._database.execute("SELECT event, count FROM accounts").fetchall()
        counts = {str(event): int(count) for event, count in rows}
        return Accounts(
            asked=counts.get("asked", 0),
            answered=counts.get("answered", 0),
            retried=counts.get("retried", 0),
            given_up=counts.get("given up", 0),
            floored=counts.get("floored", 0),
        )

    def has_answered(self, who: str) -> bool:
        """Whether a model has ever answered through this journal, whatever others did."""
        query = "SELECT 1 FROM accounts WHERE event = ?"
        with self._lock, self._one_line():
            return self._database.execute(query, (_answered_by(who),)).fetchone() is not None

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise RunFolderError(
                f"cannot use the journal {self._path}: {error}; free disk space or choose another "
                "folder with --out, then run the same command again"
            ) from None


def _answered_by(who: str) -> str:
    return f"answered by {who}"
