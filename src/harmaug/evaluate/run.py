"""Guards on benchmarks outside of a run: load, score, measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from harmaug.runs.fingerprint import fingerprint
from harmaug.runs.parts import make_folder
from harmaug.scoring import Scorer
from harmaug.sources.load import load_rows

ROWS = 256
"""Rows between two signs of progress."""


@dataclass(frozen=True)
class _Measured:
    """What came of one guard, its answers by benchmark."""

    guard: EvaluatedGuard
    answers: Mapping[str, list[Prediction]]
    cost: Cost | None


def evaluate_guards(
    models: Sequence[str],
    benchmarks: Sequence[str],
    *,
    threshold: float,
    resamples: int,
    seed: int,
    cost: bool,
    progress: Progress,
    journals: Path | None = None,
    unfinished: Callable[[Evaluation], None] = lambda evaluation: None,
) -> Evaluation:
    """Evaluate guards by reference on benchmarks by name or file.

    Every guard after the first is compared to it. Benchmarks are read and references are
    understood before anything is scored; guards are loaded one after the other, since together
    they may not fit. Where one fails after others are done, `unfinished` hears of those.

    Args:
        models: references of guards.
        benchmarks: names or files.
        threshold: flagged is p(unsafe) at or above it.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        cost: whether to measure what each guard costs.
        progress: hears of every benchmark and guard.
        journals: the folder where servers' answers are kept, for another try to go on from; None
            where they need not outlast this one.
        unfinished: hears of the guards that were done before another one failed.

    Raises:
        ConfigError: when a guard or benchmark is named twice, or a teacher's file is wrong.
        DataError: when a benchmark cannot be read or has no labelled row.
        ModelError: when a guard cannot be loaded.
    """
    _no_doubles("model", models)
    _no_doubles("benchmark", benchmarks)
    rows = {name: _labelled(name) for name in benchmarks}
    configs = {model: teacher_config(model) for model in models}
    done: list[_Measured] = []

    def evaluation() -> Evaluation:
        keys = [one.guard.key for one in done]
        return Evaluation(
            benchmarks=tuple(Benchmark.of(name, labelled) for name, labelled in rows.items()),
            guards=tuple(one.guard for one in done),
            scores=assess(
                {
                    (one.guard.key, name): Predictions.of(found)
                    for one in done
                    for name, found in one.answers.items()
                },
                [(key, keys[0]) for key in keys[1:]],
                threshold=threshold,
                resamples=resamples,
                seed=seed,
            ),
            costs=tuple(one.cost for one in done if one.cost is not None),
            environment=environment(),
            judgements=tuple(
                Judgement(one.guard.key, name, _agreement(rows[name], found, threshold))
                for one in done
                for name, found in one.answers.items()
            ),
        )

    with TemporaryDirectory(prefix="harmaug-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) if journals is None else journals
        sources = {
            model: GuardSource.of_teacher(
                config, folder / f"{fingerprint(model, config.identity())}.sqlite"
            )
            for model, config in configs.items()
        }
        if any(source.remote for source in sources.values()):
            make_folder(folder)
        for key, source in sources.items():
            try:
                done.append(_measure(key, source, rows, cost=cost, progress=progress))
            except (Exception, KeyboardInterrupt):
                if done:
                    unfinished(evaluation())
                raise
    return evaluation()


def to_json(evaluation: Evaluation) -> str:
    """Render an evaluation as JSON; what is not defined is null."""
    return TypeAdapter(Evaluation).dump_json(evaluation, indent=2).decode("utf-8") + "\n"


def _labelled(name: str) -> list[LabelledRow]:
    rows = [row for row in load_rows(name, "eval") if row.label is not None]
    if not rows:
        raise DataError(f"benchmark {name} has no labelled row: give rows with label 0 or 1")
    return named_apart(rows)


def _measure(
    key: str,
    source: GuardSource,
    rows: Mapping[str, Sequence[LabelledRow]],
    *,
    cost: bool,
    progress: Progress,
) -> _Measured:
    scorer = source.load()
    info = scorer.info
    answers = {
        name: _score(scorer, labelled, f"{key} on {name}", progress)
        for name, labelled in rows.items()
    }
    spent = _cost(key, source, scorer, rows, progress) if cost else None
    return _Measured(EvaluatedGuard(key, info, source.accounts()), answers, spent)


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
