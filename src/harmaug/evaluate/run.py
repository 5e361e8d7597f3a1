"""Guards on benchmarks outside of a run: load, score, measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from harmaug.config.teacher import teacher_config
from harmaug.errors import ConfigError, DataError
from harmaug.evaluate.agreement import Agreement, Judged, agreement
from harmaug.evaluate.cost import Cost, measure_cost
from harmaug.evaluate.environment import environment
from harmaug.evaluate.evaluation import Benchmark, EvaluatedGuard, Evaluation, Judgement, assess
from harmaug.evaluate.pairing import named_apart
from harmaug.evaluate.predictions import Predictions, predict
from harmaug.evaluate.sources import GuardSource
from harmaug.progress import Progress
from harmaug.rows import LabelledRow, Prediction
from harmaug.scoring import Scorer
from harmaug.sources.load import load_rows

ROWS = 256
"""Rows between two signs of progress."""


def evaluate_guards(
    models: Sequence[str],
    benchmarks: Sequence[str],
    *,
    threshold: float,
    resamples: int,
    seed: int,
    cost: bool,
    progress: Progress,
) -> Evaluation:
    """Evaluate guards by reference on benchmarks by name or file.

    Every guard after the first is compared to it. All benchmarks and guards are found before
    anything is scored.

    Raises:
        ConfigError: when a guard or benchmark is named twice, or a teacher's file is wrong.
        DataError: when a benchmark cannot be read or has no labelled row.
        ModelError: when a guard cannot be loaded.
    """
    _no_doubles("model", models)
    _no_doubles("benchmark", benchmarks)
    rows = {name: _labelled(name) for name in benchmarks}
    configs = {model: teacher_config(model) for model in models}
    answers: dict[tuple[str, str], Predictions] = {}
    judgements: list[Judgement] = []
    guards: list[EvaluatedGuard] = []
    costs: list[Cost] = []
    with TemporaryDirectory(prefix="harmaug-", ignore_cleanup_errors=True) as folder:
        sources = {
            model: GuardSource.of_teacher(config, Path(folder) / f"{at}.sqlite")
            for at, (model, config) in enumerate(configs.items())
        }
        for key, source in sources.items():
            load = cache(source.load)
            info = load().info
            for name, labelled in rows.items():
                found = _score(load(), labelled, f"{key} on {name}", progress)
                answers[key, name] = Predictions.of(found)
                judgements.append(Judgement(key, name, _agreement(labelled, found, threshold)))
            if cost:
                costs.append(_cost(key, source, load(), rows, progress))
            guards.append(EvaluatedGuard(key, info, source.accounts()))
    return Evaluation(
        benchmarks=tuple(Benchmark.of(name, labelled) for name, labelled in rows.items()),
        guards=tuple(guards),
        scores=assess(
            answers,
            [(key, models[0]) for key in models[1:]],
            threshold=threshold,
            resamples=resamples,
            seed=seed,
        ),
        costs=tuple(costs),
        environment=environment(),
        judgements=tuple(judgements),
    )


def to_json(evaluation: Evaluation) -> str:
    """Render an evaluation as JSON; what is not defined is null."""
    return TypeAdapter(Evaluation).dump_json(evaluation, indent=2).decode("utf-8") + "\n"


def _labelled(name: str) -> list[LabelledRow]:
    rows = [row for row in load_rows(name, "eval") if row.label is not None]
    if not rows:
        raise DataError(f"benchmark {name} has no labelled row: give rows with label 0 or 1")
    return named_apart(rows)


def _score(
    scorer: Scorer, rows: Sequence[LabelledRow], what: str, progress: Progress
) -> list[Prediction]:
    progress.begin(what, len(rows))
    found: list[Prediction] = []
    for start in range(0, len(rows), ROWS):
        chunk = rows[start : start + ROWS]
        found += predict(scorer, chunk)
        progress.advance(len(chunk))
    progress.end()
    return found


def _agreement(
    rows: Sequence[LabelledRow], found: Sequence[Prediction], threshold: float
) -> Agreement:
    judged = [
        Judged(
            label=one.label,
            score=one.score,
            flagged=None if one.score is None else one.score >= threshold,
            source=row.source,
            category=row.category,
        )
        for row, one in zip(rows, found, strict=True)
    ]
    return agreement(judged, threshold)


def _cost(
    key: str,
    source: GuardSource,
    scorer: Scorer,
    rows: Mapping[str, Sequence[LabelledRow]],
    progress: Progress,
) -> Cost:
    pairs = [(row.prompt, row.response) for labelled in rows.values() for row in labelled]
    progress.begin(f"cost of {key}", None)
    cost = measure_cost(key, source, lambda: scorer, scorer.info.runtime, pairs)
    progress.end()
    return cost


def _no_doubles(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"--{what} {name} is given twice: name each once")
