"""How long each stage took, kept in its own folder so that a resumed run adds up."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harmaug.pipeline.context import Executor
from harmaug.progress import Progress
from harmaug.runs.parts import PartFolder, Parts, write_text
from harmaug.stages.base import Stage

In = TypeVar("In")
Out = TypeVar("Out")

FILE_NAME = "seconds.json"


@dataclass(frozen=True)
class TimedExecutor:
    """An executor that notes beside the parts how long they took to compute."""

    inner: Executor

    def run(
        self,
        what: str,
        stage: Stage[In, Out],
        tasks: Parts[In],
        out: PartFolder[Out],
        progress: Progress,
    ) -> None:
        """Compute the parts that are missing, and note the time after each."""
        self.inner.run(what, stage, tasks, out, _Stopwatch(progress, out.path))


class _Stopwatch:
    """Passes progress on; each step adds the time since the one before to the folder's."""

    def __init__(self, progress: Progress, folder: Path) -> None:
        self._progress = progress
        self._folder = folder
        self._last = 0.0

    def begin(self, what: str, total: int | None) -> None:
        """Start the clock."""
        self._last = time.monotonic()
        self._progress.begin(what, total)

    def advance(self, steps: int, note: str = "") -> None:
        """Note the time of a part."""
        now = time.monotonic()
        seconds = stage_seconds(self._folder) + now - self._last
        self._last = now
        write_text(self._folder / FILE_NAME, json.dumps(seconds))
        self._progress.advance(steps, note)

    def end(self, note: str = "") -> None:
        """Pass the end on."""
        self._progress.end(note)


def stage_seconds(*folders: Path) -> float:
    """Return the seconds that the parts of these stage folders took; 0 where nothing is noted."""
    files = [folder / FILE_NAME for folder in folders]
    return sum(float(json.loads(file.read_text())) for file in files if file.is_file())
