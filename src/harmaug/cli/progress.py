"""Progress for people: live bars in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

SECONDS_BETWEEN_LINES = 10.0


class LiveProgress:
    """Bars with rate, remaining time and a live figure."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("[bold]{task.description:<16}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None
        self._bars.start()

    def begin(self, what: str, total: int | None) -> None:
        """Add a bar."""
        self._task = self._bars.add_task(what, total=total, note="")

    def advance(self, steps: int, note: str = "") -> None:
        """Move the bar on."""
        if self._task is not None:
            self._bars.update(self._task, advance=steps, note=note)

    def end(self, note: str = "") -> None:
        """Fill the bar and leave what came of it."""
        if self._task is not None:
            task = self._bars.tasks[self._task]
            total = task.total if task.total is not None else max(task.completed, 1)
            self._bars.update(self._task, total=total, completed=total, note=note)

    def close(self) -> None:
        """Give the terminal back."""
        self._bars.stop()


class LineProgress:
    """One line at the start, one at the end, and one every ten seconds between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._what = ""
        self._total: int | None = None
        self._done = 0
        self._started = 0.0
        self._told = 0.0

    def begin(self, what: str, total: int | None) -> None:
        """Remember what is being done."""
        self._what, self._total, self._done = what, total, 0
        self._started = self._told = time.monotonic()

    def advance(self, steps: int, note: str = "") -> None:
        """Tell how far it is, when it was long since the last time."""
        self._done += steps
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            total = "" if self._total is None else f"/{self._total}"
            self._line(f"{self._done}{total} {note}")

    def end(self, note: str = "") -> None:
        """Tell how long it took."""
        self._line(f"done in {time.monotonic() - self._started:.1f} s {note}")

    def close(self) -> None:
        """Nothing is held."""

    def _line(self, text: str) -> None:
        self._stream.write(f"{self._what}: {text.rstrip()}\n")
        self._stream.flush()


def open_progress() -> LiveProgress | LineProgress:
    """Return bars where standard error is a terminal, lines elsewhere."""
    return LiveProgress() if sys.stderr.isatty() else LineProgress(sys.stderr)
