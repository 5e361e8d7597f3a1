"""What a study did, and where a test lets it write."""

from pathlib import Path

from harmaug.progress import Quiet
from harmaug.study.run import Places


class Heard(Quiet):
    """Remembers what was done, and interrupts at a piece of work when told to."""

    def __init__(self, stop: str = "") -> None:
        self.work: list[str] = []
        self._stop = stop

    def begin(self, what: str, total: int | None) -> None:
        self.work.append(what)
        if self._stop and self._stop in what:
            raise KeyboardInterrupt


def places(folder: Path) -> Places:
    return Places(folder, folder, folder / "ledger.jsonl")
