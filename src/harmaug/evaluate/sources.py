"""Which guard is evaluated, and how it is loaded: as plain data that another process can take."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harmaug.guard import Guard
from harmaug.guard.files import GuardFiles
from harmaug.guard.load import Precision, find
from harmaug.llm.journal import Accounts, Journal
from harmaug.scoring import Scorer

if TYPE_CHECKING:
    from harmaug.config import TeacherConfig


@dataclass(frozen=True)
class GuardSource:
    """A guard by reference.

    `teacher` is the JSON of a TeacherConfig for what the torch-free runtime does not load, None
    for what it does; `precision` then picks the file. `remote`: a server is asked, nothing of it
    can be measured here, and its answers are kept in `journal`.
    """

    ref: str
    precision: Precision = "auto"
    teacher: str | None = None
    remote: bool = False
    journal: str | None = None
    revision: str | None = None

    @classmethod
    def of_student(cls, folder: Path, *, quantised: bool) -> GuardSource:
        """Return the source of a student: its ONNX, or torch for one too large to have any."""
        from harmaug.config import TeacherConfig

        if (folder / "onnx").is_dir():
            return cls(str(folder), "int8" if quantised else "fp32")
        return cls.of_teacher(TeacherConfig(family="sequence", model=str(folder)))

    @classmethod
    def of_teacher(cls, config: TeacherConfig, journal: Path | None = None) -> GuardSource:
        """Return the source of a teacher."""
        from harmaug.teachers.load import asks_server, family_of

        family = family_of(config) if config.family == "auto" else config.family
        if family == "guard":
            return cls(config.model, revision=config.revision)
        return cls(
            config.model,
            teacher=config.model_dump_json(),
            remote=asks_server(config),
            journal=None if journal is None else str(journal),
            revision=config.revision,
        )

    def load(self, threads: int | None = None) -> Scorer:
        """Load the guard on `threads` cores, all of them when None.

        Raises:
            ModelError: when it cannot be loaded.
        """
        if self.teacher is None:
            return Guard.load(
                self.ref, threads=threads, precision=self.precision, revision=self.revision
            )
        from harmaug.config import TeacherConfig
        from harmaug.teachers.load import load_teacher

        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        journal = None if self.journal is None else Path(self.journal)
        return load_teacher(TeacherConfig.model_validate_json(self.teacher), journal)

    def files(self) -> GuardFiles:
        """Return the files of a guard that the torch-free runtime loads.

        Raises:
            ModelError: when they are not there.
        """
        return find(self.ref, self.precision, self.revision)

    def accounts(self) -> Accounts | None:
        """Return what was asked of the guard's server, None where there is none."""
        if not self.remote or self.journal is None:
            return None
        return Journal(Path(self.journal)).accounts()

    def to_json(self) -> dict[str, str | bool | None]:
        """Return the source as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, text: str) -> GuardSource:
        """Read what `to_json` gave, as text."""
        return cls(**json.loads(text))
