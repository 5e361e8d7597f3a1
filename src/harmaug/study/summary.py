"""A study's figures from its stored scores: means over seeds, intervals, differences of arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harmaug.errors import DataError
from harmaug.evaluate.seeds import METRICS, Figure, Resampled, Versus, draw_seeds, figure, versus
from harmaug.scoring import FloatArray
from harmaug.study.results import Outcome, Study, read_scores

SEED = 20_241_002

Values = Mapping[tuple[str, str], FloatArray]
"""By arm and benchmark: every metric of every seed and resample, (seeds, 1 + resamples, 4)."""


@dataclass(frozen=True)
class Claimed:
    """How a claim came out: it `holds` when each difference's interval is above 0."""

    holds: bool
    differences: tuple[tuple[str, Versus], ...]


@dataclass(frozen=True)
class Summary:
    """Everything that a study's tables and figures say, computed when it is asked for."""

    study: Study
    values: Values
    drawn: NDArray[np.int64]

    @classmethod
    def of(cls, study: Study, folder: Path) -> Summary:
        """Resample the stored scores of every arm, seed and guard.

        Raises:
            RunFolderError: when scores are missing.
        """
        names = [*study.config.arms, *study.config.guards]
        scores = {name: read_scores(folder, name) for name in names}
        values: dict[tuple[str, str], FloatArray] = {}
        for at, benchmark in enumerate(study.benchmarks):
            found = {
                name: [one for (place, _), one in kept.items() if place == benchmark.name]
                for name, kept in scores.items()
            }
            ids = [row for kept in found.values() for one in kept for row in one.ids]
            drawn = Resampled.of(ids, study.config.resamples, SEED + at)
            for name, kept in found.items():
                each = [drawn.metrics(one, study.threshold) for one in kept]
                values[name, benchmark.name] = np.stack(each)
        seeds = draw_seeds(len(study.config.seeds), study.config.resamples, SEED)
        return cls(study, values, seeds)

    @property
    def arms(self) -> list[str]:
        """The arms, in the study's order."""
        return list(self.study.config.arms)

    @property
    def guards(self) -> list[str]:
        """The guards that were not trained here."""
        return list(self.study.config.guards)

    @cached_property
    def benchmarks(self) -> list[str]:
        """The benchmarks' names, in order."""
        return [benchmark.name for benchmark in self.study.benchmarks]

    def figure(self, name: str, benchmark: str | None, metric: str) -> Figure:
        """Return a metric of an arm or guard; `benchmark` None is the mean over benchmarks.

        The mean is over the benchmarks on which the metric is defined: one class has no AUPRC.
        """
        return figure(self._values([name], benchmark, metric)[0], self.drawn)

    def versus(self, first: str, second: str, benchmark: str | None, metric: str) -> Versus:
        """Return `first` minus `second`, paired by example and seed."""
        one, two = self._values([first, second], benchmark, metric)
        return versus(one, two, self.drawn)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the pairs to compare: the study's and its claim's, else all with the first arm."""
        config = self.study.config
        named = list(config.compare)
        if config.claim is not None:
            named = [(config.claim.first, other) for other in config.claim.others] + named
        if not named:
            named = [(arm, self.arms[0]) for arm in self.arms[1:]]
        return list(dict.fromkeys(named))

    def claimed(self) -> Claimed | None:
        """Return how the study's claim came out, None where it makes none."""
        claim = self.study.config.claim
        if claim is None:
            return None
        found = tuple(
            (other, self.versus(claim.first, other, None, claim.metric)) for other in claim.others
        )
        return Claimed(all(one.estimate.low > 0 for _, one in found), found)

    def outcomes(self, arm: str) -> list[Outcome]:
        """Return an arm's outcomes, one a seed.

        Raises:
            DataError: when there is no such arm.
        """
        found = [outcome for outcome in self.study.outcomes if outcome.arm == arm]
        if not found:
            raise DataError(f"the study has no arm '{arm}'")
        return found

    def _values(self, names: Sequence[str], benchmark: str | None, metric: str) -> list[FloatArray]:
        """Return a metric's values, (seeds, 1 + resamples), where it is defined for all names."""
        at = METRICS.index(metric)
        found = {
            one: [self.values[name, one][:, :, at] for name in names]
            for one in (self.benchmarks if benchmark is None else [benchmark])
        }
        defined = [
            values
            for values in found.values()
            if not any(np.isnan(each[:, 0]).any() for each in values)
        ]
        of_each = zip(*(defined or found.values()), strict=True)
        return [np.asarray(np.mean(each, axis=0), dtype=np.float64) for each in of_each]
