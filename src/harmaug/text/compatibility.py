"""Compatibility forms as plain characters (NFKC), in a time and length no text can stretch."""

from __future__ import annotations

import re
import unicodedata

MARKS = 30
"""The most combining marks in a row, as in the Stream-Safe Text Format of Unicode (UAX #15).

Python takes quadratic time to put them in order.
"""

_LONG_FORMS = (
    "\u3307\u3315-\u3317\u3319\u331a\u3320\u332b\u332e\u3332\u3334\u3336\u3347\u334a\u3356"
    "\u33ae\u33af\ufdfa\ufdfb"
)
"""One character of these would become 5 to 18, and a short text cost as much as a book. They are
Arabic phrases and Japanese and technical units, and hide no Latin word."""

RUN = re.compile(f"[\x00-\x7f]?[^\x00-\x7f{_LONG_FORMS}]+")
"""What is put into plain forms together: marks belong to the character before them."""

_BECOME_MARKS = "\uff9e\uff9f"
"""Half-width letters that NFKC makes marks of."""

FLOOD = re.compile(rf"(?:[^\w\x00-\x7f]|[{_BECOME_MARKS}]){{{MARKS + 1},}}")
"""Where more than `MARKS` in a row may be; other symbols match as well."""


def plain_forms(run: str) -> str:
    """Return what `RUN` matched with compatibility forms replaced."""
    return unicodedata.normalize("NFKC", run)


def thinned(flood: str) -> str:
    """Return what `FLOOD` matched without the marks that are too many."""
    kept: list[str] = []
    marks = 0
    for char in flood:
        is_mark = char in _BECOME_MARKS or unicodedata.category(char)[0] == "M"
        marks = marks + 1 if is_mark else 0
        if marks <= MARKS:
            kept.append(char)
    return "".join(kept)
