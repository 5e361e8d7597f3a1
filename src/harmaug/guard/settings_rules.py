"""What each field of `harmaug.json` must be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np

from harmaug.guard.tail import CHANCES

if TYPE_CHECKING:
    from harmaug.guard.settings import GuardSettings


def is_number(value: object, least: float, most: float = inf) -> bool:
    """Whether a value is a finite number between two others."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating):
        return False
    return isfinite(value) and least <= float(value) <= most


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and is_number(value, least)


def _are_thresholds(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(is_number(each, 0.0, 1.0) for each in value.values())
    )


_LEAST_WINDOW = 16
"""Below it there is no room for a stretch beside a quarter of a window of context."""

RULES: tuple[tuple[str, Callable[[GuardSettings], bool], str], ...] = (
    ("format", lambda held: held.format == 1, "1: a later version wrote it, so upgrade harmaug"),
    ("window", lambda held: _is_count(held.window, _LEAST_WINDOW), f"{_LEAST_WINDOW} or more"),
    ("temperature", lambda held: is_number(held.temperature, 1e-6), "a number above 0"),
    ("thresholds", lambda held: _are_thresholds(held.thresholds), "names with numbers from 0 to 1"),
    ("default", lambda held: held.default in list(held.thresholds), "one of the thresholds"),
    ("harmful_index", lambda held: _is_count(held.harmful_index, 0), "0 or more"),
    ("normalise", lambda held: isinstance(held.normalise, bool), "true or false"),
    ("tail_scale", lambda held: is_number(held.tail_scale, 1e-6), "a number above 0"),
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
        lambda held: held.document_rate is None or is_number(held.document_rate, 1e-6, 1 - 1e-6),
        "null or between 0 and 1",
    ),
    ("document_tokens", lambda held: _is_count(held.document_tokens, 0), "0 or more"),
    ("language", lambda held: held.language in ("en", "any"), "en or any"),
)
"""What each field must be, in the order in which they are checked."""
