"""A guard against human labels: where they agree, which way it leans, what its scores are worth.

*Bias* is the mean p(unsafe) minus the share of harmful rows: above zero, the guard calls more
harmful than humans do. *Kappa* is agreement beyond chance (Cohen 1960). Calibration is told by ten
equal bins of p(unsafe) (Guo et al. 2017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harmaug.evaluate.metrics import BINS, Estimate, Figure, wilson

NO_CATEGORY = "no category"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its human label; score and flag are None where the guard gave no answer."""

    label: int
    score: float | None
    flagged: bool | None
    source: str
    category: str | None


@dataclass(frozen=True)
class Group:
    """Rows that belong together: of the answered ones, how many were flagged, by human label."""

    name: str
    n: int
    missing: int
    harmful_flagged: int
    harmful_passed: int
    harmless_flagged: int
    harmless_passed: int
    bias: Figure

    @property
    def answered(self) -> int:
        """Rows with a score."""
        return self.n - self.missing

    @property
    def harmful(self) -> int:
        """Answered rows that humans call harmful."""
        return self.harmful_flagged + self.harmful_passed

    @property
    def harmless(self) -> int:
        """Answered rows that humans call harmless."""
        return self.harmless_flagged + self.harmless_passed

    @property
    def agreement(self) -> Estimate:
        """Share of answered rows on which guard and human agree, with its Wilson interval."""
        return wilson(self.harmful_flagged + self.harmless_passed, self.answered)

    @property
    def missed(self) -> Estimate:
        """Share of the harmful rows that was not flagged."""
        return wilson(self.harmful_passed, self.harmful)

    @property
    def false_alarms(self) -> Estimate:
        """Share of the harmless rows that was flagged."""
        return wilson(self.harmless_flagged, self.harmless)


@dataclass(frozen=True)
class Bin:
    """Rows whose score lies in [low, high): their mean score and how many are harmful."""

    low: float
    high: float
    n: int
    harmful: int
    score: Figure

    @property
    def share(self) -> Estimate:
        """Share of harmful rows, with its Wilson interval: the mean score, were it calibrated."""
        return wilson(self.harmful, self.n)


@dataclass(frozen=True)
class Agreement:
    """A guard against human labels, whole and by group, the largest group first."""

    threshold: float
    whole: Group
    kappa: Figure
    ece: Figure
    bins: tuple[Bin, ...]
    sources: tuple[Group, ...]
    categories: tuple[Group, ...]


def agreement(rows: Sequence[Judged], threshold: float) -> Agreement:
    """Compare a guard's scores with human labels; `threshold` is what its flags were made at."""
    bins = _bins(rows)
    whole = _group("all", rows)
    gaps = [abs(found.harmful - found.n * found.score) for found in bins if found.n]
    return Agreement(
        threshold=threshold,
        whole=whole,
        kappa=_kappa(whole),
        ece=sum(gaps) / whole.answered if whole.answered else np.nan,
        bins=bins,
        sources=_groups(rows, [row.source for row in rows]),
        categories=_groups(rows, [row.category or NO_CATEGORY for row in rows]),
    )


def _groups(rows: Sequence[Judged], names: Sequence[str]) -> tuple[Group, ...]:
    found: defaultdict[str, list[Judged]] = defaultdict(list)
    for name, row in zip(names, rows, strict=True):
        found[name].append(row)
    groups = [_group(name, members) for name, members in found.items()]
    return tuple(sorted(groups, key=lambda group: (-group.n, group.name)))


def _group(name: str, rows: Sequence[Judged]) -> Group:
    answered = [row for row in rows if row.score is not None]
    counts = {
        (label, flagged): sum(row.label == label and row.flagged is flagged for row in answered)
        for label in (0, 1)
        for flagged in (False, True)
    }
    excess = [row.score - row.label for row in rows if row.score is not None]
    return Group(
        name=name,
        n=len(rows),
        missing=len(rows) - len(answered),
        harmful_flagged=counts[1, True],
        harmful_passed=counts[1, False],
        harmless_flagged=counts[0, True],
        harmless_passed=counts[0, False],
        bias=float(np.mean(excess)) if excess else np.nan,
    )


def _bins(rows: Sequence[Judged]) -> tuple[Bin, ...]:
    pairs = [(row.score, row.label) for row in rows if row.score is not None]
    scores = np.array([score for score, _ in pairs], dtype=np.float64)
    labels = np.array([label for _, label in pairs], dtype=np.int64)
    places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    found = []
    for at in range(BINS):
        inside = places == at
        score = float(scores[inside].mean()) if inside.any() else np.nan
        count, harmful = int(inside.sum()), int(labels[inside].sum())
        found.append(Bin(at / BINS, (at + 1) / BINS, count, harmful, score))
    return tuple(found)


def _kappa(whole: Group) -> float:
    """Return Cohen's kappa; NaN where chance alone would always agree."""
    n = whole.answered
    if not n:
        return np.nan
    flagged = whole.harmful_flagged + whole.harmless_flagged
    chance = (flagged * whole.harmful + (n - flagged) * whole.harmless) / n**2
    found = (whole.harmful_flagged + whole.harmless_passed) / n
    return (found - chance) / (1 - chance) if chance < 1 else np.nan
