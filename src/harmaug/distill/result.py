"""What came of a distillation, kept beside the student as `training.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from harmaug.distill.task import Validation
from harmaug.errors import ModelError

FILE_NAME = "training.json"


@dataclass(frozen=True)
class DistillResult:
    """A trained student and how it went.

    `tokens` are real tokens trained on, padding not counted; `seconds` the time of training and
    validating, without loading and export. `auprc` and `loss` are the best on the validation
    rows, None where there are none. `rows` counts the rows of each kind and those left out.
    """

    folder: Path
    steps: int
    tokens: int
    seconds: float
    auprc: float | None
    loss: float | None
    history: tuple[Validation, ...]
    rows: dict[str, int]
    training_rows: int
    validation_rows: int
    window: int
    compute: str

    def save(self, folder: Path, settings: dict[str, object]) -> None:
        """Write `training.json`, the settings that led here beside the figures."""
        figures = asdict(self)
        del figures["folder"]
        text = json.dumps({"settings": settings, **figures}, indent=2)
        (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> DistillResult:
        """Read the result of a distillation from its folder.

        Raises:
            ModelError: when the folder holds none.
        """
        try:
            figures = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
            del figures["settings"]
            figures["history"] = tuple(Validation(**entry) for entry in figures["history"])
            return cls(folder=folder, **figures)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(
                f"{folder}: no distilled student ({error}); distil into it first"
            ) from None
