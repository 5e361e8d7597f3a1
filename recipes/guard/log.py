"""How far a training is, on one line of a log a minute."""

from __future__ import annotations

import logging
import time

log = logging.getLogger("recipes.guard")
EVERY_SECONDS = 30.0


class LogProgress:
    """A `Progress` that logs."""

    def __init__(self) -> None:
        self._done, self._total, self._last = 0, 0, 0.0

    def begin(self, what: str, total: int | None) -> None:
        """Log the start."""
        self._done, self._total, self._last = 0, total or 0, time.monotonic()
        log.info("%s: %s steps", what, total)

    def advance(self, steps: int, note: str = "") -> None:
        """Log where it stands, every half minute."""
        self._done += steps
        if time.monotonic() - self._last > EVERY_SECONDS:
            self._last = time.monotonic()
            log.info("%d of %d steps, %s", self._done, self._total, note)

    def end(self, note: str = "") -> None:
        """Log the end."""
        log.info("done, %s", note)
