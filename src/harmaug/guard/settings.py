"""What lies beside a guard's weights: how to run it and where its thresholds stand."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harmaug.errors import ModelError

FILE_NAME = "harmaug.json"

CHANCES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""The chances, among harmless windows, of the log-odds that a measured tail holds."""


@dataclass(frozen=True)
class Calibration:
    """A threshold with what it gave on labelled rows.

    `recall` is over the harmful rows, `false_positive_rate` over the harmless; the intervals are
    Wilson's at 95%.
    """

    threshold: float
    recall: float
    recall_interval: tuple[float, float]
    false_positive_rate: float
    false_positive_interval: tuple[float, float]
    harmful: int
    harmless: int


@dataclass(frozen=True)
class GuardSettings:
    """Runtime settings of a guard, stored as `harmaug.json` beside its tokenizer.

    `window` is the most tokens that are read at once, special tokens included; what is longer is
    read in windows of `long_window` tokens (None: of `window`). `temperature`
    divides the log-odds (calibration). `thresholds` are named operating points on the calibrated
    probability; `default` names the one in force. `harmful_index` is the harmful class's logit.
    `tail` holds the quantiles of harmless windows' log-odds (`guard.combine.Tail`); where none
    were measured their tail falls exponentially with `tail_scale`. By `tail_margin`, in natural
    log of chance, windows must be rarer than the threshold asks for. Both are for documents, texts
    of at least `document_tokens`; the windows of shorter texts count by the exponential tail.
    `language` is what the guard was trained on: `en`, or `any` to mark no language as out of
    scope. `calibrations` tells where thresholds come from, by name.
    """

    window: int = 512
    long_window: int | None = None
    temperature: float = 1.0
    thresholds: dict[str, float] = field(default_factory=lambda: {"balanced": 0.5})
    default: str = "balanced"
    harmful_index: int = 1
    normalise: bool = True
    tail_scale: float = 1.0
    tail: tuple[float, ...] = ()
    tail_margin: float = 0.0
    document_tokens: int = 0
    language: Literal["en", "any"] = "en"
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    format: int = 1

    @property
    def threshold(self) -> float:
        """The threshold in force, on p(unsafe)."""
        return self.thresholds[self.default]

    def save(self, folder: Path) -> None:
        """Write `harmaug.json` into a model folder."""
        text = json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)
        (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> GuardSettings:
        """Read `harmaug.json`; a folder without one gets the defaults.

        Raises:
            ModelError: when the file cannot be read as settings.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return cls()
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            stored = values.pop("calibrations", {}).items()
            calibrations = {name: _calibration(value) for name, value in stored}
            tail = tuple(map(float, values.pop("tail", ())))
            settings = cls(**values, tail=tail, calibrations=calibrations)
        except (AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not guard settings ({error}); export it again") from None
        if len(settings.tail) not in (0, len(CHANCES)):
            raise ModelError(f"{path}: a tail has {len(CHANCES)} quantiles; measure it again")
        if settings.default not in settings.thresholds:
            raise ModelError(f"{path}: default '{settings.default}' is not among its thresholds")
        return settings


def _calibration(values: dict[str, object]) -> Calibration:
    """Read one calibration; JSON has lists for pairs."""
    pairs = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Calibration(**{**values, **pairs})  # type: ignore[arg-type]
