"""What lies beside a guard's weights: how to run it and where its thresholds stand."""

from __future__ import annotations

import dataclasses
import json
import reprlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from harmaug.errors import DataError, ModelError, did_you_mean
from harmaug.guard.settings_rules import RULES, is_number
from harmaug.guard.tail import Tail

FILE_NAME = "harmaug.json"


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

    `window` is the most tokens that are read at once, special tokens included. `temperature`
    divides the log-odds (calibration). `thresholds` are named operating points on the calibrated
    probability; `default` names the one in force. `harmful_index` is the harmful class's logit.
    `tail` holds the quantiles of harmless windows' log-odds (`guard.tail.Tail`); where none were
    measured their tail falls exponentially with `tail_scale`. `document_rate` is the most of
    harmless documents that may reach a threshold, None where single windows set it; the others
    stay below `document_threshold`, where it is None below the lowest of `thresholds`. All are
    for documents, texts of at least `document_tokens`; the windows of shorter texts count by the
    exponential tail.
    `language` is what the guard was trained on: `en`, or `any` to mark no language as out of
    scope. `calibrations` tells where thresholds come from, by name.
    """

    window: int = 512
    temperature: float = 1.0
    thresholds: dict[str, float] = field(default_factory=lambda: {"balanced": 0.5})
    default: str = "balanced"
    harmful_index: int = 1
    normalise: bool = True
    tail_scale: float = 1.0
    tail: tuple[float, ...] = ()
    document_rate: float | None = None
    document_threshold: float | None = None
    document_tokens: int = 0
    language: Literal["en", "any"] = "en"
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    format: int = 1

    @property
    def threshold(self) -> float:
        """The threshold in force, on p(unsafe)."""
        return self.thresholds[self.default]

    @property
    def least_threshold(self) -> float:
        """What harmless documents stay below: the same whatever threshold is set later."""
        if self.document_threshold is not None:
            return self.document_threshold
        return min(self.thresholds.values())

    @property
    def document_tail(self) -> Tail:
        """How rare log-odds are among windows of harmless documents."""
        return Tail(self.tail) if self.tail else Tail.exponential(self.tail_scale)

    def at(self, name: str) -> GuardSettings:
        """Return the settings with a named threshold in force.

        Raises:
            ModelError: when there is none of that name.
        """
        if name not in list(self.thresholds):
            short = str(name)[:40]  # looking for one like it takes time for every character
            raise ModelError(f"no operating point {short!r}{did_you_mean(short, self.thresholds)}")
        return replace(self, default=name)

    def with_threshold(self, threshold: float, name: str) -> GuardSettings:
        """Return the settings with another threshold in force, which was not calibrated.

        Scores stay as they are: `least_threshold` does not follow.

        Raises:
            DataError: for a threshold that is no probability.
        """
        if not is_number(threshold, 0.0, 1.0):
            raise DataError(f"a threshold is a probability from 0 to 1, not {threshold!r}")
        known = {**self.thresholds, name: float(threshold)}
        others = {other: held for other, held in self.calibrations.items() if other != name}
        return replace(
            self,
            thresholds=known,
            default=name,
            calibrations=others,
            document_threshold=self.least_threshold,
        )

    def with_calibration(self, name: str, calibration: Calibration) -> GuardSettings:
        """Return the settings with a calibrated threshold in force."""
        settings = self.with_threshold(calibration.threshold, name)
        return replace(settings, calibrations={**settings.calibrations, name: calibration})

    def save(self, folder: str | Path) -> None:
        """Write `harmaug.json` into a model folder.

        Raises:
            ModelError: when there is no such folder or it cannot be written.
        """
        path = Path(folder) / FILE_NAME
        text = json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)
        try:
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise ModelError(
                f"cannot write {path} ({error.strerror}): give the folder of the model, or write "
                "both with Guard.save()"
            ) from None

    @classmethod
    def load(cls, folder: Path) -> GuardSettings:
        """Read `harmaug.json`; a folder without one gets the defaults.

        Raises:
            ModelError: when the file cannot be read as settings, naming a field that is wrong.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return cls()
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            stored = values.pop("calibrations", {}).items()
            calibrations = {name: _calibration(value) for name, value in stored}
            if unknown := values.keys() - {field.name for field in dataclasses.fields(cls)}:
                raise ModelError(
                    f"{path}: unknown field '{min(unknown)[:60]}': another version of harmaug "
                    "wrote it; export the guard again with this one"
                )
            settings = cls(**values, calibrations=calibrations)
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"{path}: not guard settings ({error}); export it again") from None
        for name, is_right, rule in RULES:
            if not is_right(settings):
                value = reprlib.repr(getattr(settings, name))
                raise ModelError(f"{path}: '{name}' is {value}, and must be {rule}")
        return replace(settings, tail=tuple(map(float, settings.tail)))


def _calibration(values: dict[str, object]) -> Calibration:
    """Read one calibration; JSON has lists for pairs."""
    pairs = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Calibration(**{**values, **pairs})  # type: ignore[arg-type]
