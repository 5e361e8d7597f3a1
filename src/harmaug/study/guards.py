"""The guards beside a study's arms, and what they and the arms' students cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from harmaug.config import RunConfig
from harmaug.config.teacher import teacher_config
from harmaug.errors import ModelError, RunFolderError
from harmaug.evaluate.cost import Cost
from harmaug.evaluate.evaluation import EvaluatedGuard
from harmaug.evaluate.sources import GuardSource
from harmaug.pipeline.context import Context, weights_of
from harmaug.pipeline.evaluation import Candidate, cost_of, guard_info, predictions
from harmaug.rows import LabelledRow
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import rows_of, write_text
from harmaug.study.ledger import Ledger
from harmaug.study.results import Outcome, ScoreRow, score_rows

Benchmarks = Mapping[str, list[LabelledRow]]


def other_guard(name: str, journal: Path) -> Candidate:
    """Return a guard that was not trained here, by the reference that `evaluate` takes."""
    teacher = teacher_config(name)
    identity = fingerprint(teacher.identity(), weights_of(teacher))
    return Candidate(name, GuardSource.of_teacher(teacher, journal), identity)


def evaluate_guard(
    context: Context, guard: Candidate, benchmarks: Benchmarks, ledger: Ledger
) -> tuple[EvaluatedGuard, list[ScoreRow]]:
    """Evaluate a guard, or find its scores again."""
    load = cache(guard.source.load)
    answers = {
        benchmark: list(rows_of(predictions(context, guard, load, benchmark, labelled)))
        for benchmark, labelled in benchmarks.items()
    }
    revisions = {name: rows_fingerprint(rows) for name, rows in benchmarks.items()}
    name = fingerprint(guard.identity, guard.source.precision, revisions)
    counted = context.folder.stage_path("look", name) / "look.json"
    if not counted.is_file():
        who = {"guard": guard.key, "stage": counted.parent.name}
        ledger.add(who, answers)
        write_text(counted, json.dumps(who))
    rows = [row for name, found in answers.items() for row in score_rows(name, None, found)]
    return EvaluatedGuard(guard.key, guard_info(context, guard, load)), rows


def student_costs(
    context: Context,
    outcomes: Sequence[Outcome],
    configs: Mapping[tuple[str, int], RunConfig],
    benchmarks: Benchmarks,
) -> list[Cost]:
    """Measure every arm's student of the first seed, or find its cost again.

    Raises:
        RunFolderError: when a student was deleted before it was measured on this machine.
    """
    costs = []
    for one in (outcome for outcome in outcomes if outcome.seed == outcomes[0].seed):
        quantised = configs[one.arm, one.seed].distill.quantise
        source = _student_source(context.folder, one.student, quantised=quantised)
        try:
            costs.append(guard_cost(context, Candidate(one.arm, source, one.student), benchmarks))
        except ModelError:
            if Path(source.ref).is_dir():
                raise
            raise RunFolderError(
                f"{source.ref} was deleted and its cost is not known as this machine is now: "
                f"delete {one.stage} beside it to train the student again, or set cost: false"
            ) from None
    return costs


def guard_cost(context: Context, guard: Candidate, benchmarks: Benchmarks) -> Cost:
    """Measure what a guard costs, or find it again where this machine measured the same."""
    load = cache(guard.source.load)
    info = guard_info(context, guard, load)
    return replace(cost_of(context, guard, load, info, benchmarks), guard=guard.key)


def _student_source(folder: RunFolder, student: str, *, quantised: bool) -> GuardSource:
    """Return how a student is loaded; of a deleted one the precision its cost was kept under."""
    place = (folder.root / "stages" / student).absolute()
    if place.is_dir():
        return GuardSource.of_student(place, quantised=quantised)
    exported = GuardSource(str(place), "int8" if quantised else "fp32")
    known = folder.stage_path("guard", fingerprint(student, exported.precision)).is_dir()
    return exported if known else GuardSource(str(place))
