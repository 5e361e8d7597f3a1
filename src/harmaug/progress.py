"""How long work tells of itself, without printing: the command line decides what is shown."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of long work. Calls come from one thread, `begin` before `advance`, `end` last."""

    def begin(self, what: str, total: int | None) -> None:
        """Start a piece of work of `total` steps (None: unknown)."""
        ...

    def advance(self, steps: int, note: str = "") -> None:
        """Tell of `steps` more done; `note` is a short live figure such as "loss .31"."""
        ...

    def end(self, note: str = "") -> None:
        """Finish the piece of work; `note` says what came of it in a few words."""
        ...


class Quiet:
    """A progress that shows nothing."""

    def begin(self, what: str, total: int | None) -> None:
        """Ignore the start."""

    def advance(self, steps: int, note: str = "") -> None:
        """Ignore the steps."""

    def end(self, note: str = "") -> None:
        """Ignore the end."""


class Renamed:
    """A progress that shows a piece of work under another name, to tell two of a kind apart."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name

    def begin(self, what: str, total: int | None) -> None:
        """Start the work under the other name."""
        self._progress.begin(self._name, total)

    def advance(self, steps: int, note: str = "") -> None:
        """Pass the steps on."""
        self._progress.advance(steps, note)

    def end(self, note: str = "") -> None:
        """Pass the end on."""
        self._progress.end(note)


class Prefixed(Renamed):
    """A progress that shows every piece of work with a few words before its name."""

    def begin(self, what: str, total: int | None) -> None:
        """Start the work under the longer name."""
        self._progress.begin(f"{self._name} {what}", total)
