"""The run folder: one lock, one manifest, and a folder for each stage named by its fingerprint.

    DIR/config.yaml            the settings as they ran
    DIR/manifest.json          each stage with its folder and what came of it
    DIR/stages/NAME-FINGERPRINT/part-00000.parquet

A stage that was run before with the same fingerprint is found again; a changed setting names
another folder and leaves the old one alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from filelock import FileLock, Timeout

from harmaug.errors import RunFolderError
from harmaug.runs.parts import PartFolder, disk_error, write_whole

Row = TypeVar("Row")
Fact = str | int | float | bool | None
Facts = Mapping[str, Fact | Mapping[str, Fact]]

MANIFEST = "manifest.json"


class RunFolder:
    """A run's folder, held by one process at a time.

    Raises:
        RunFolderError: when another run holds the folder, or it cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            (root / "stages").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(root / "stages", error) from None
        self._lock = FileLock(root / ".lock")
        self._manifest: dict[str, Facts] = {}

    def __enter__(self) -> RunFolder:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"another run is writing to {self.root}: wait for it, or choose another --out"
            ) from None
        self._manifest = self._read_manifest()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def table(self, stage: str, name: str, row_type: type[Row]) -> PartFolder[Row]:
        """Open the part folder of a stage for a fingerprint, new or found again."""
        return PartFolder(self.stage_path(stage, name), row_type)

    def stage_path(self, stage: str, name: str) -> Path:
        """Return where a stage with this fingerprint keeps what it makes."""
        return self.root / "stages" / f"{stage}-{name}"

    def record(self, stage: str, facts: Facts) -> None:
        """Note what came of a stage in the manifest, which is written whole at once."""
        self._manifest[stage] = facts
        self.write_text(MANIFEST, json.dumps(self._manifest, indent=2, ensure_ascii=False))

    def recorded(self, stage: str) -> Facts | None:
        """Return what was noted of a stage, by this run or an earlier one."""
        return self._manifest.get(stage)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run whole or not at all."""
        write_whole(self.root / name, lambda path: _write(path, text))

    def _read_manifest(self) -> dict[str, Facts]:
        path = self.root / MANIFEST
        if not path.is_file():
            return {}
        try:
            manifest: dict[str, Facts] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise RunFolderError(f"{path} is damaged: delete it and run again") from None
        return manifest


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
