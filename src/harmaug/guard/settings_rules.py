"""What each field of `harmaug.json` must be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import inf
from sys import float_info
from typing import TYPE_CHECKING

import numpy as np

from harmaug.guard.tail import CHANCES

if TYPE_CHECKING:
    from harmaug.guard.settings import GuardSettings


def is_number(value: object, least: float, most: float = inf) -> bool:
    """Whether a value is a finite number between two others."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating):
        return False
    # JSON has integers that no float holds: they are compared, not converted.
    given = value if isinstance(value, int) else float(value)
    return max(least, -float_info.max) <= given <= min(most, float_info.max)


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and is_number(value, least)


def _are_thresholds(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(is_number(each, 0.0, 1.0) for each in value.values())
    )


def _is_tail(value: object) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) in (0, len(CHANCES))
        and all(is_number(each, -_MOST_LOG_ODDS, _MOST_LOG_ODDS) for each in value)
        and all(one < other for one, other in pairwise(value))
    )


LEAST_WINDOW = 32
"""Below 25 the tokens kept free leave no room for a stretch beside a quarter of context."""

_MOST_LOG_ODDS = 1e6
"""No model gives log-odds beyond these, and a tail that is drawn on from them would overflow."""

RULES: tuple[tuple[str, Callable[[GuardSettings], bool], str], ...] = (
    ("format", lambda held: held.format == 1, "1: a later version wrote it, so upgrade harmaug"),
    ("window", lambda held: _is_count(held.window, LEAST_WINDOW), f"{LEAST_WINDOW} or more"),
    ("temperature", lambda held: is_number(held.temperature, 1e-6), "a number above 0"),
    ("thresholds", lambda held: _are_thresholds(held.thresholds), "names with numbers from 0 to 1"),
    ("default", lambda held: held.default in list(held.thresholds), "one of the thresholds"),
    ("harmful_index", lambda held: _is_count(held.harmful_index, 0), "0 or more"),
    ("normalise", lambda held: isinstance(held.normalise, bool), "true or false"),
    (
        "tail_scale",
        lambda held: is_number(held.tail_scale, 1e-6, _MOST_LOG_ODDS),
        f"a number above 0, up to {_MOST_LOG_ODDS:g}",
    ),
    (
        "tail",
        lambda held: _is_tail(held.tail),
        f"empty or {len(CHANCES)} rising numbers",
    ),
    (
        "document_rate",
        lambda held: held.document_rate is None or is_number(held.document_rate, 1e-6, 1 - 1e-6),
        "null or between 0 and 1",
    ),
    (
        "document_threshold",
        lambda held: (
            held.document_threshold is None or is_number(held.document_threshold, 0.0, 1.0)
        ),
        "null or a number from 0 to 1",
    ),
    ("document_tokens", lambda held: _is_count(held.document_tokens, 0), "0 or more"),
    ("language", lambda held: held.language in ("en", "any"), "en or any"),
)
"""What each field must be, in the order in which they are checked."""
