"""An evaluation as an object: guards on benchmarks, with all that a number needs beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harmaug.errors import DataError
from harmaug.evaluate.agreement import Agreement
from harmaug.evaluate.compare import Difference, Paired, difference
from harmaug.evaluate.cost import Cost
from harmaug.evaluate.environment import Environment
from harmaug.evaluate.metrics import Estimate, Metrics, Sampled, estimates, mean_over
from harmaug.evaluate.predictions import Predictions
from harmaug.llm.journal import Accounts
from harmaug.rows import LabelledRow
from harmaug.runs.fingerprint import rows_fingerprint
from harmaug.scoring import ScorerInfo

COMPARED = ("f1", "auprc")
LABELS = "1 = harmful, 0 = harmless; rows without a label are left out"

Answers = Mapping[tuple[str, str], Predictions]
"""Predictions by (guard, benchmark)."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as it was used.

    `revision` is a hash of its rows; `judged` counts what their labels judge: the prompt, the
    response, or the text as a whole.
    """

    name: str
    revision: str
    split: str
    n: int
    positives: int
    judged: dict[str, int]
    label_mapping: str = LABELS

    @classmethod
    def of(cls, name: str, rows: Sequence[LabelledRow]) -> Benchmark:
        """Describe labelled rows."""
        judged: dict[str, int] = {}
        for row in rows:
            judged[row.label_of] = judged.get(row.label_of, 0) + 1
        positives = sum(row.label == 1 for row in rows)
        return cls(name, rows_fingerprint(rows), "eval", len(rows), positives, judged)


@dataclass(frozen=True)
class EvaluatedGuard:
    """A guard under the name that measurements use; `server` has what was asked of its server."""

    key: str
    info: ScorerInfo
    server: Accounts | None = None


@dataclass(frozen=True)
class Measurement:
    """One guard on one benchmark."""

    guard: str
    benchmark: str
    metrics: Metrics


@dataclass(frozen=True)
class Judgement:
    """One guard against the human labels of one benchmark, by source and category."""

    guard: str
    benchmark: str
    agreement: Agreement


@dataclass(frozen=True)
class Average:
    """A metric of one guard averaged over the benchmarks, each weighing the same."""

    guard: str
    metric: str
    estimate: Estimate


@dataclass(frozen=True)
class Comparison:
    """`first` minus `second`, paired by example; `benchmark` None is the mean over benchmarks."""

    first: str
    second: str
    benchmark: str | None
    difference: Difference


@dataclass(frozen=True)
class Scores:
    """Everything that follows from predictions, a threshold and a seed."""

    threshold: float
    resamples: int
    seed: int
    measurements: tuple[Measurement, ...]
    averages: tuple[Average, ...]
    comparisons: tuple[Comparison, ...]

    def metrics(self, guard: str, benchmark: str) -> Metrics:
        """Return the metrics of one guard on one benchmark.

        Raises:
            DataError: when it was not evaluated there.
        """
        for found in self.measurements:
            if (found.guard, found.benchmark) == (guard, benchmark):
                return found.metrics
        raise DataError(f"'{guard}' was not evaluated on '{benchmark}'")

    def average(self, guard: str, metric: str) -> Estimate | None:
        """Return a guard's mean over the benchmarks, None where there are none."""
        for found in self.averages:
            if (found.guard, found.metric) == (guard, metric):
                return found.estimate
        return None

    def comparison(
        self, first: str, second: str, metric: str, benchmark: str | None = None
    ) -> Difference | None:
        """Return the difference of two guards, None where they were not compared."""
        for found in self.comparisons:
            pair = (found.first, found.second, found.benchmark)
            if pair == (first, second, benchmark) and found.difference.metric == metric:
                return found.difference
        return None


@dataclass(frozen=True)
class Evaluation:
    """Guards on benchmarks, what they cost, and where that was measured."""

    benchmarks: tuple[Benchmark, ...]
    guards: tuple[EvaluatedGuard, ...]
    scores: Scores
    costs: tuple[Cost, ...]
    environment: Environment
    judgements: tuple[Judgement, ...] = ()

    def cost(self, guard: str) -> Cost | None:
        """Return the cost of a guard, None where it was not measured."""
        return next((cost for cost in self.costs if cost.guard == guard), None)


def assess(
    answers: Answers,
    pairs: Sequence[tuple[str, str]],
    *,
    threshold: float,
    resamples: int,
    seed: int,
) -> Scores:
    """Measure every guard on every benchmark, average, and compare the `pairs` of guards.

    The n-th benchmark is resampled with seed + n: the same examples for every guard.
    """
    benchmarks = list(dict.fromkeys(benchmark for _, benchmark in answers))
    guards = list(dict.fromkeys(guard for guard, _ in answers))
    sampled = {
        (guard, benchmark): Sampled.of(
            predictions, threshold, resamples, seed + benchmarks.index(benchmark)
        )
        for (guard, benchmark), predictions in answers.items()
    }
    comparisons: list[Comparison] = []
    for first, second in pairs:
        paired = {
            name: Paired.of(
                answers[first, name],
                answers[second, name],
                threshold=threshold,
                resamples=resamples,
                seed=seed + at,
            )
            for at, name in enumerate(benchmarks)
            if set(answers[first, name].ids) & set(answers[second, name].ids)
        }
        comparisons += _comparisons(first, second, paired)
    return Scores(
        threshold=threshold,
        resamples=resamples,
        seed=seed,
        measurements=tuple(Measurement(*key, found.metrics()) for key, found in sampled.items()),
        averages=tuple(
            Average(guard, metric, estimate)
            for guard in guards
            for metric, estimate in _average([sampled[guard, name] for name in benchmarks]).items()
        ),
        comparisons=tuple(comparisons),
    )


def _average(benchmarks: Sequence[Sampled]) -> dict[str, Estimate]:
    return estimates(*mean_over(benchmarks))


def _comparisons(first: str, second: str, paired: Mapping[str, Paired]) -> list[Comparison]:
    found = [
        Comparison(first, second, name, difference(metric, [one]))
        for name, one in paired.items()
        for metric in COMPARED
    ]
    if paired:
        found += [
            Comparison(first, second, None, difference(metric, list(paired.values())))
            for metric in COMPARED
        ]
    return found
