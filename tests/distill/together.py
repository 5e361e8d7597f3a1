"""What each process of a test of `torchrun` runs: PLACE SETTINGS-JSON; the first one distils.

`die_at` among the settings kills the first process at that step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from tests.distill.students import scored_rows, tiny_distillation

from harmaug.distill import distill, leading


class Dies:
    """Kills the process at a step, so that nothing is tidied up."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self._step = 0

    def begin(self, what: str, total: int | None) -> None:
        pass

    def advance(self, steps: int, note: str = "") -> None:
        self._step += steps
        if self._step == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def end(self, note: str = "") -> None:
        pass


def main() -> None:
    place, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    with leading() as first:
        if first:
            progress = Dies(settings.pop("die_at", None))
            config = tiny_distillation(settings.pop("student"), **settings)
            distill(scored_rows(120), config, seed=1, tau=0.5, out=place, progress=progress)


if __name__ == "__main__":
    main()
