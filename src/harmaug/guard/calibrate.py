"""Thresholds that mean something: chosen on labelled rows for a false-positive rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from harmaug.errors import DataError
from harmaug.guard.settings import Calibration
from harmaug.scoring import FloatArray, TextPair, probability

if TYPE_CHECKING:
    from harmaug.rows import LabelledRow

Z95 = 1.959963984540054


def labelled(
    rows: Iterable[LabelledRow | tuple[str, str | None, int | None]],
) -> tuple[list[TextPair], list[int]]:
    """Return the pairs that have a label, and their labels.

    Raises:
        DataError: for anything but labelled rows or (prompt, response or None, label).
    """
    from harmaug.rows import LabelledRow

    wrong = DataError(
        "calibration rows are a list of (prompt, response or None, label), with the label 1 for "
        "harmful, 0 for harmless or None"
    )
    if not isinstance(rows, Iterable) or isinstance(rows, str | Mapping):
        raise wrong
    pairs: list[TextPair] = []
    labels: list[int] = []
    for row in rows:
        values = (row.prompt, row.response, row.label) if isinstance(row, LabelledRow) else row
        if not isinstance(values, tuple | list) or len(values) != 3:
            raise wrong
        prompt, response, label = values
        if label is None:
            continue
        if label not in (0, 1):
            raise wrong
        pairs.append((prompt, response))
        labels.append(int(label))
    return pairs, labels


def calibrate(
    log_odds: FloatArray, labels: Sequence[int], max_false_positive_rate: float
) -> Calibration:
    """Choose the lowest threshold that flags at most that share of the harmless rows.

    It stands midway, in log-odds, between the last harmless score that must not be flagged and
    the next score above it.

    Args:
        log_odds: shape (n,); rows without a score (NaN) are left out.
        labels: 1 for harmful, 0 for harmless, shape (n,).
        max_false_positive_rate: from 0 to below 1.

    Raises:
        DataError: without rows of both classes, for a rate that is none, or where scores are so
            high that no probability stands between those to flag and the others.
    """
    if not 0.0 <= max_false_positive_rate < 1.0:
        raise DataError(
            f"a false-positive rate is from 0 to below 1, not {max_false_positive_rate}"
        )
    truth = np.asarray(labels)
    harmful = log_odds[(truth == 1) & ~np.isnan(log_odds)]
    harmless = np.sort(log_odds[(truth == 0) & ~np.isnan(log_odds)])[::-1]
    if not len(harmful) or not len(harmless):
        raise DataError("calibration needs harmful rows (label 1) and harmless ones (label 0)")
    allowed = int(max_false_positive_rate * len(harmless) + 1e-9)
    last = harmless[allowed]
    above = np.concatenate([harmful, harmless])
    above = above[above > last]
    cut = (last + above.min()) / 2 if len(above) else last + 1.0
    between, wrongly = probability(np.array([cut, last]))
    if wrongly >= 1.0:
        above_most = int((probability(harmless) >= 1.0).sum())
        least = ceil(1e4 * above_most / len(harmless)) / 1e4
        raise DataError(
            f"{above_most} of {len(harmless)} harmless rows have a p(unsafe) of 1, which no "
            f"threshold spares: correct their labels, or allow a rate of {least:g}"
        )
    threshold = max(float(between), float(np.nextafter(wrongly, 1.0)))
    caught = int((probability(harmful) >= threshold).sum())
    wrong = int((probability(harmless) >= threshold).sum())
    return Calibration(
        threshold=threshold,
        recall=caught / len(harmful),
        recall_interval=wilson(caught, len(harmful)),
        false_positive_rate=wrong / len(harmless),
        false_positive_interval=wilson(wrong, len(harmless)),
        harmful=len(harmful),
        harmless=len(harmless),
    )


def wilson(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927).
    """
    share, square = count / total, Z95 * Z95 / total
    middle = (share + square / 2) / (1 + square)
    half = Z95 / (1 + square) * sqrt(share * (1 - share) / total + square / total / 4)
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))
