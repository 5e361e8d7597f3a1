"""Run what a study lacks: every arm with every seed, sharing each stage that they have in common.

All arms and seeds work in one run folder, where a stage is named by what it is made of: two arms
that differ in their training alone share what was generated, answered and scored, and an
interrupted study goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harmaug.augment.synonyms import uses_wordnet
from harmaug.config import RunConfig
from harmaug.config.study import StudyConfig
from harmaug.config.teacher import teacher_config
from harmaug.errors import ConfigError
from harmaug.evaluate.cost import Cost
from harmaug.evaluate.environment import environment
from harmaug.evaluate.evaluation import Benchmark
from harmaug.pipeline.checks import check_encoder, check_models, check_teacher
from harmaug.pipeline.context import EXECUTORS, Context
from harmaug.pipeline.data import benchmark_data
from harmaug.pipeline.timing import TimedExecutor
from harmaug.progress import Progress
from harmaug.rows import Prediction
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import PartFolder, rows_of
from harmaug.study.config import arm_config, check_study
from harmaug.study.diversity import measure_diversity
from harmaug.study.guards import evaluate_guard, guard_cost, other_guard, student_costs
from harmaug.study.ledger import Ledger
from harmaug.study.outcome import Arms
from harmaug.study.results import Outcome, ScoreRow, Study, score_rows, write_scores


@dataclass(frozen=True)
class Places:
    """Where a study writes: its results, its stages (other studies may share them), its ledger."""

    out: Path
    stages: Path
    ledger: Path


def run_study(study: StudyConfig, places: Places, *, command: str, progress: Progress) -> Study:
    """Run every arm with every seed that is not there yet, and keep all scores in one place.

    Raises:
        ConfigError: when an arm's configuration cannot be used, before anything is spent.
        HarmaugError: what a user can mend; the same study goes on where it stopped.
    """
    check_study(study)
    configs = {
        (arm, seed): arm_config(study, arm, seed) for seed in study.seeds for arm in study.arms
    }
    _check(study, configs)
    first = next(iter(configs.values()))
    benchmarks = benchmark_data(first.evaluate)
    ledger = Ledger(places.ledger, study.name, command, first.evaluate.threshold)
    ledger.check()
    with RunFolder(places.stages) as folder:
        executor = TimedExecutor(EXECUTORS.load(first.executor.kind)(first.executor))
        arms = Arms(folder, executor, progress, benchmarks, ledger)
        outcomes = [
            arms.outcome(arm, study.arms[arm], config) for (arm, _), config in configs.items()
        ]
        context = Context(first, folder, executor, progress)
        others = [other_guard(name, context.journal) for name in study.guards]
        guards = [evaluate_guard(context, guard, benchmarks, ledger) for guard in others]
        costs: list[Cost] = []
        if study.cost:
            costs += student_costs(context, outcomes, configs, benchmarks)
            costs += [guard_cost(context, guard, benchmarks) for guard in others]
        measured = measure_diversity(study, outcomes, benchmarks, folder, progress)
        result = Study(
            config=study,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            command=command,
            threshold=first.evaluate.threshold,
            benchmarks=tuple(Benchmark.of(name, rows) for name, rows in benchmarks.items()),
            outcomes=tuple(outcomes),
            guards=tuple(guard for guard, _ in guards),
            diversity=measured,
            costs=tuple(costs),
            environment=environment(),
        )
        # Last of all: until here a study that was finished in this folder before can be reported.
        for arm in study.arms:
            write_scores(places.out, arm, list(_scores(folder, arm, outcomes)))
        for guard, rows in guards:
            write_scores(places.out, guard.key, rows)
        result.save(places.out)
    return result


def _check(study: StudyConfig, configs: Mapping[tuple[str, int], RunConfig]) -> None:
    """Check what arms may not differ in, and that every model is there."""
    first = next(iter(configs.values()))
    if not first.evaluate.benchmarks:
        raise ConfigError(f"{study.name}: evaluate.benchmarks is empty: a study compares on some")
    checked: list[dict[str, object]] = []
    for (arm, _), config in configs.items():
        if config.evaluate != first.evaluate:
            raise ConfigError(
                f"{study.name}, arm {arm}: evaluate differs from the other arms; set it for all"
            )
        models = config.model_dump(include={"generate", "respond", "label", "distill", "select"})
        if models not in checked:
            check_models(config)
            checked.append(models)
    for name in study.guards:
        check_teacher(teacher_config(name), "guards")
    for arm, settings in study.arms.items():
        if settings.method == "eda" and not uses_wordnet(settings.eda):
            check_encoder(f"arm {arm}: eda.encoder", settings.eda.encoder)
    if study.diversity is not None:
        check_encoder("diversity.encoder", study.diversity.encoder)


def _scores(folder: RunFolder, arm: str, outcomes: list[Outcome]) -> Iterator[ScoreRow]:
    for outcome in outcomes:
        if outcome.arm == arm:
            for benchmark, stage in outcome.predictions.items():
                table = PartFolder(folder.root / "stages" / stage, Prediction)
                yield from score_rows(benchmark, outcome.seed, list(rows_of(table)))
