"""Several guards as one teacher: their mean or their maximum.

The mean is taken over probabilities, by weight: a guard that is sure moves it by its weight and no
further. A mean of log-odds would follow whichever member is the least well calibrated, since some
give log-odds of 20 and others of 2 for the same confidence. It is computed in the log domain, so
that a score near 0 or 1 keeps its log-odds. The maximum is the same over either.

A member without an answer is left out of its row, as long as members of half the weight or more
answered; the row is missing otherwise. A maximum needs all of them: the missing one may be the one
that would have flagged, unless another one did.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harmaug.config import TeacherConfig
from harmaug.errors import ConfigError
from harmaug.runs.fingerprint import fingerprint
from harmaug.scoring import FloatArray, Scorer, ScorerInfo, TextPair


class Ensemble:
    """Members with their weights; `combine` is "mean" or "maximum"."""

    def __init__(self, members: Sequence[Scorer], config: TeacherConfig) -> None:
        self._members = members
        self._combine = config.combine
        self._weights = np.array([member.weight for member in config.members], dtype=np.float64)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is: the members' names, and one hash of their revisions and weights."""
        infos = [member.info for member in self._members]
        parameters = [info.parameters for info in infos if info.parameters is not None]
        return ScorerInfo(
            name=f"{self._combine} of {', '.join(info.name for info in infos)}",
            revision=fingerprint([info.revision for info in infos], self._weights.tolist()),
            score_kind="ensemble",
            template=fingerprint([info.template for info in infos]),
            runtime=", ".join(dict.fromkeys(info.runtime for info in infos)),
            parameters=sum(parameters) if len(parameters) == len(infos) else None,
        )

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the combined log-odds, shape (n,); NaN where too few members answered."""
        found = np.stack([member.log_odds(pairs) for member in self._members])
        return mean(found, self._weights) if self._combine == "mean" else maximum(found)


def mean(log_odds: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the log-odds of the weighted mean probability of members (m, n), shape (n,)."""
    answered = ~np.isnan(log_odds)
    known = np.where(answered, log_odds, 0.0)
    with np.errstate(divide="ignore"):
        share = np.log(np.where(answered, weights[:, None], 0.0))
    unsafe = np.logaddexp.reduce(share - np.logaddexp(0.0, -known), axis=0)
    safe = np.logaddexp.reduce(share - np.logaddexp(0.0, known), axis=0)
    enough = answered.T @ weights >= weights.sum() / 2
    with np.errstate(invalid="ignore"):
        return np.where(enough, unsafe - safe, np.nan)


def maximum(log_odds: FloatArray) -> FloatArray:
    """Return the highest log-odds of members (m, n), shape (n,).

    NaN where a member is missing and none of the others says unsafe.
    """
    highest = np.max(np.where(np.isnan(log_odds), -np.inf, log_odds), axis=0)
    known = (highest > 0) | ~np.isnan(log_odds).any(axis=0)
    return np.where(known, highest, np.nan)


def load(config: TeacherConfig, journal: Path | None) -> Ensemble:
    """Load every member.

    Raises:
        ConfigError: when there is none.
    """
    from harmaug.teachers.load import load_teacher

    if not config.members:
        raise ConfigError("label.teacher.members: an ensemble needs members, each with a model")
    return Ensemble([load_teacher(member, journal) for member in config.members], config)
