"""A study's figures from its stored scores: means over seeds, intervals, differences of arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from harmaug.errors import DataError, RunFolderError
from harmaug.evaluate.pairing import answered_by_all, only
from harmaug.evaluate.predictions import Predictions
from harmaug.evaluate.seeds import METRICS, Figure, Resampled, Versus, draw_seeds, figure, versus
from harmaug.scoring import FloatArray
from harmaug.study.results import Outcome, Study, read_scores, scores_path

SEED = 20_241_002

Answers = Mapping[tuple[str, str], Sequence[Predictions]]
"""By arm (or guard) and benchmark: the predictions of every seed."""

Key = tuple[str, str, frozenset[str] | None]


@dataclass(frozen=True)
class Claimed:
    """How a claim came out: it `holds` when each difference's interval is above 0."""

    holds: bool
    differences: tuple[tuple[str, Versus], ...]


@dataclass(frozen=True)
class Summary:
    """Everything that a study's tables and figures say, computed when it is asked for."""

    study: Study
    answers: Answers
    resampled: Mapping[str, Resampled]
    weights: FloatArray
    _measured: dict[Key, FloatArray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, study: Study, folder: Path) -> Summary:
        """Read the scores of every arm, seed and guard, and draw the examples and seeds.

        Raises:
            RunFolderError: when scores are missing, or are not those of this study's seeds and
                benchmarks, where it was killed while it replaced them.
        """
        config = study.config
        scores = {}
        for name in [*config.arms, *config.guards]:
            scores[name] = read_scores(folder, name)
            seeds = config.seeds if name in config.arms else (None,)
            if set(scores[name]) != {
                (one.name, seed) for one in study.benchmarks for seed in seeds
            }:
                raise RunFolderError(
                    f"{scores_path(folder, name)}: these scores are of another run of this study: "
                    "run the same study again"
                )
        resamples = config.resamples
        answers: dict[tuple[str, str], list[Predictions]] = {}
        resampled = {}
        for at, benchmark in enumerate(study.benchmarks):
            found = {
                (name, benchmark.name): [
                    one for key, one in kept.items() if key[0] == benchmark.name
                ]
                for name, kept in scores.items()
            }
            ids = [row for each in found.values() for one in each for row in one.ids]
            resampled[benchmark.name] = Resampled.of(ids, resamples, SEED + at)
            answers |= found
        weights = draw_seeds(len(config.seeds), resamples, SEED)
        return cls(study, answers, resampled, weights)

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

        Each seed is measured on the examples that it answered. The mean is over the benchmarks on
        which the metric is defined: one class has no AUPRC.
        """
        return figure(self._values([name], benchmark, metric)[0], self.weights)

    def versus(self, first: str, second: str, benchmark: str | None, metric: str) -> Versus:
        """Return `first` minus `second`, paired by example and seed.

        Both are measured on the examples that every seed of both answered: those that a guard
        leaves out are not the easy ones.
        """
        one, two = self._values([first, second], benchmark, metric)
        return versus(one, two, self.weights)

    def shared(self, first: str, second: str, benchmark: str) -> frozenset[str]:
        """Return the examples of a benchmark that every seed of both answered."""
        each = [*self.answers[first, benchmark], *self.answers[second, benchmark]]
        return frozenset(answered_by_all(each))

    def missing(self, name: str) -> int:
        """Count the examples without an answer, of all seeds and benchmarks."""
        return sum(one.missing for place in self.benchmarks for one in self.answers[name, place])

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
        found = [
            [each[:, :, at] for each in self._on(names, one)]
            for one in (self.benchmarks if benchmark is None else [benchmark])
        ]
        defined = [
            values for values in found if not any(np.isnan(each[:, 0]).any() for each in values)
        ]
        of_each = zip(*(defined or found), strict=True)
        return [np.asarray(np.mean(each, axis=0), dtype=np.float64) for each in of_each]

    def _on(self, names: Sequence[str], benchmark: str) -> list[FloatArray]:
        """Measure one arm on what each seed answered, two on what every seed of both did."""
        both = None if len(names) == 1 else self.shared(names[0], names[1], benchmark)
        return [self._measure(name, benchmark, both) for name in names]

    def _measure(self, name: str, benchmark: str, ids: frozenset[str] | None) -> FloatArray:
        """Return every metric of every seed and resample, (seeds, 1 + resamples, 4)."""
        each = self.answers[name, benchmark]
        if ids is not None and all(len(one.ids) == len(ids) for one in each):
            ids = None
        key = name, benchmark, ids
        if key not in self._measured:
            kept = each if ids is None else [only(one, ids) for one in each]
            drawn, threshold = self.resampled[benchmark], self.study.threshold
            self._measured[key] = np.stack([drawn.metrics(one, threshold) for one in kept])
        return self._measured[key]
