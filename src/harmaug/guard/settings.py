"""What lies beside a guard's weights: how to run it and where its thresholds stand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import exp, inf, isfinite
from pathlib import Path
from typing import Literal

import numpy as np

from harmaug.errors import ModelError
from harmaug.guard.tail import CHANCES, Tail
from harmaug.scoring import log_odds_of

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

    `window` is the most tokens that are read at once, special tokens included; what is longer is
    read in windows of `long_window` tokens (None: of `window`). `temperature`
    divides the log-odds (calibration). `thresholds` are named operating points on the calibrated
    probability; `default` names the one in force. `harmful_index` is the harmful class's logit.
    `tail` holds the quantiles of harmless windows' log-odds (`guard.tail.Tail`); where none were
    measured their tail falls exponentially with `tail_scale`. `document_rate` is the most of
    harmless documents that may reach a threshold, None where single windows set it. Both are for
    documents, texts of at least `document_tokens`; the windows of shorter texts count by the
    exponential tail.
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
    document_rate: float | None = None
    document_tokens: int = 0
    language: Literal["en", "any"] = "en"
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    format: int = 1

    @property
    def threshold(self) -> float:
        """The threshold in force, on p(unsafe)."""
        return self.thresholds[self.default]

    @property
    def document_tail(self) -> Tail:
        """How rare log-odds are among windows of harmless documents."""
        return Tail(self.tail) if self.tail else Tail.exponential(self.tail_scale)

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
            tail = tuple(map(float, values.pop("tail", ())))
            margin = float(values.pop("tail_margin", 0.0))  # before there was `document_rate`
            settings = cls(**values, tail=tail, calibrations=calibrations)
        except (AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not guard settings ({error}); export it again") from None
        for field_name, is_right, rule in _RULES:
            if not is_right(settings):
                value = str(getattr(settings, field_name))[:60]
                raise ModelError(f"{path}: '{field_name}' is {value}, and must be {rule}")
        return settings._with_margin(margin) if margin > 0 else settings

    def _with_margin(self, margin: float) -> GuardSettings:
        """Read what was stored before the rate: by how much it lay below the threshold's own."""
        threshold = log_odds_of(np.array([self.threshold]))
        return replace(
            self, document_rate=exp(-margin - float(self.document_tail.depth(threshold)[0]))
        )


def _is_number(value: object, least: float, most: float = inf) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and least <= value <= most


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and _is_number(value, least)


def _are_thresholds(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(_is_number(each, 0.0, 1.0) for each in value.values())
    )


_LEAST_WINDOW = 32
"""Below it there is no room for a stretch beside a quarter of a window of context."""

_RULES: tuple[tuple[str, Callable[[GuardSettings], bool], str], ...] = (
    ("format", lambda held: held.format == 1, "1: a later version wrote it, so upgrade harmaug"),
    ("window", lambda held: _is_count(held.window, _LEAST_WINDOW), f"{_LEAST_WINDOW} or more"),
    (
        "long_window",
        lambda held: (
            held.long_window is None
            or (_is_count(held.long_window, _LEAST_WINDOW) and held.long_window <= held.window)
        ),
        f"null or from {_LEAST_WINDOW} to the window",
    ),
    ("temperature", lambda held: _is_number(held.temperature, 1e-6), "a number above 0"),
    ("thresholds", lambda held: _are_thresholds(held.thresholds), "names with numbers from 0 to 1"),
    ("default", lambda held: held.default in list(held.thresholds), "one of the thresholds"),
    ("harmful_index", lambda held: _is_count(held.harmful_index, 0), "0 or more"),
    ("normalise", lambda held: isinstance(held.normalise, bool), "true or false"),
    ("tail_scale", lambda held: _is_number(held.tail_scale, 1e-6), "a number above 0"),
    (
        "tail",
        lambda held: (
            len(held.tail) in (0, len(CHANCES))
            and all(one < other for one, other in pairwise(held.tail))
        ),
        f"empty or {len(CHANCES)} rising numbers",
    ),
    (
        "document_rate",
        lambda held: held.document_rate is None or _is_number(held.document_rate, 1e-6, 1 - 1e-6),
        "null or between 0 and 1",
    ),
    ("document_tokens", lambda held: _is_count(held.document_tokens, 0), "0 or more"),
    ("language", lambda held: held.language in ("en", "any"), "en or any"),
)
"""What each field must be, in the order in which they are checked."""


def _calibration(values: dict[str, object]) -> Calibration:
    """Read one calibration; JSON has lists for pairs."""
    pairs = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Calibration(**{**values, **pairs})  # type: ignore[arg-type]
