"""Teacher and students on the benchmarks, their predictions kept, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from harmaug.evaluate.cost import METHOD, Cost, measure_cost
from harmaug.evaluate.environment import environment
from harmaug.evaluate.evaluation import Benchmark, EvaluatedGuard, Evaluation, assess
from harmaug.evaluate.predictions import Predictions, predict
from harmaug.evaluate.results import HARMAUG, HARMAUG_FP32, PLAIN, TEACHER
from harmaug.evaluate.sources import GuardSource
from harmaug.pipeline.context import Context, rows_of_part, weights_of
from harmaug.pipeline.students import Student
from harmaug.rows import LabelledRow, Prediction
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.parts import PartFolder, chunked, rows_of, write_text
from harmaug.scoring import Scorer, ScorerInfo

COMPARED = ((HARMAUG, PLAIN), (HARMAUG, TEACHER), (HARMAUG, HARMAUG_FP32))
MEASURED = (TEACHER, HARMAUG)
"""Whose cost is measured: plain distillation gives a student of the same shape."""

Benchmarks = Mapping[str, Sequence[LabelledRow]]


@dataclass(frozen=True)
class Candidate:
    """A guard to evaluate; `identity` names it in fingerprints."""

    key: str
    source: GuardSource
    identity: str


def candidates(context: Context, students: Mapping[str, Student]) -> list[Candidate]:
    """Return the teacher and the students, the HarmAug student in float32 as well."""
    teacher = context.config.label.teacher
    weights = weights_of(teacher)
    found = [
        Candidate(
            TEACHER,
            GuardSource.of_teacher(teacher, context.journal),
            fingerprint(teacher.identity(), weights),
        )
    ]
    quantised = context.config.distill.quantise
    for arm, student in students.items():
        source = GuardSource.of_student(student.result.folder, quantised=quantised)
        found.append(Candidate(arm, source, student.name))
    if quantised and HARMAUG in students:
        student = students[HARMAUG]
        source = GuardSource.of_student(student.result.folder, quantised=False)
        found.append(Candidate(HARMAUG_FP32, source, student.name))
    return found


def evaluate(
    context: Context, guards: Sequence[Candidate], benchmarks: Benchmarks
) -> tuple[Evaluation, dict[str, str]]:
    """Evaluate guards on benchmarks; also return where each one's predictions are."""
    answers: dict[tuple[str, str], Predictions] = {}
    paths: dict[str, str] = {}
    described: list[EvaluatedGuard] = []
    costs: list[Cost] = []
    for guard in guards:
        load = cache(guard.source.load)
        for name, rows in benchmarks.items():
            table = predictions(context, guard, load, name, rows)
            answers[guard.key, name] = Predictions.of(list(rows_of(table)))
            paths[f"{guard.key}/{name}"] = table.path.relative_to(context.folder.root).as_posix()
        info = guard_info(context, guard, load)
        described.append(EvaluatedGuard(guard.key, info))
        if context.config.evaluate.cost and guard.key in MEASURED and benchmarks:
            costs.append(cost_of(context, guard, load, info, benchmarks))
    keys = {guard.key for guard in guards}
    scores = assess(
        answers,
        [pair for pair in COMPARED if keys.issuperset(pair)],
        threshold=context.config.evaluate.threshold,
        resamples=context.config.evaluate.bootstrap,
        seed=context.config.seed,
    )
    evaluation = Evaluation(
        benchmarks=tuple(Benchmark.of(name, rows) for name, rows in benchmarks.items()),
        guards=tuple(described),
        scores=scores,
        costs=tuple(costs),
        environment=environment(),
    )
    return evaluation, paths


def predictions(
    context: Context,
    guard: Candidate,
    load: Callable[[], Scorer],
    benchmark: str,
    rows: Sequence[LabelledRow],
) -> PartFolder[Prediction]:
    """Fill the parts that are missing; the guard is only loaded for those."""
    part_rows = rows_of_part(context.config, served=guard.source.remote)
    name = fingerprint(guard.identity, guard.source.precision, rows_fingerprint(rows), part_rows)
    table = context.folder.table("predict", name, Prediction)
    parts = chunked(rows, part_rows)
    missing = [part for part in range(len(parts)) if part not in table]
    if missing:
        context.progress.begin(f"{guard.key} on {benchmark}", len(parts))
        context.progress.advance(len(parts) - len(missing))
        for part in missing:
            table.write(part, predict(load(), parts.read(part)))
            context.progress.advance(1)
        context.progress.end()
    context.folder.record(
        f"evaluate {guard.key} {benchmark}", {"fingerprint": name, "rows": len(rows)}
    )
    return table


def guard_info(context: Context, guard: Candidate, load: Callable[[], Scorer]) -> ScorerInfo:
    """Ask the guard what it is, once: a big one is not loaded again for this."""
    name = fingerprint(guard.identity, guard.source.precision)
    path = context.folder.stage_path("guard", name) / "info.json"
    if not path.is_file():
        _write_json(path, asdict(load().info))
    return ScorerInfo(**json.loads(path.read_text(encoding="utf-8")))


def cost_of(
    context: Context,
    guard: Candidate,
    load: Callable[[], Scorer],
    info: ScorerInfo,
    benchmarks: Benchmarks,
) -> Cost:
    """Measure a guard's cost, or find it again where this machine measured the same."""
    pairs = [(row.prompt, row.response) for rows in benchmarks.values() for row in rows]
    machine = asdict(environment())
    how = (guard.source.precision, METHOD)
    name = fingerprint(guard.identity, *how, rows_fingerprint(pairs), machine)
    path = context.folder.stage_path("cost", name) / "cost.json"
    adapter = TypeAdapter(Cost)
    if not path.is_file():
        context.progress.begin(f"cost of {guard.key}", None)
        cost = measure_cost(guard.key, guard.source, load, info.runtime, pairs)
        context.progress.end()
        if cost.speed is None and not guard.source.remote:
            return cost  # the measurement failed: it is tried again the next time
        _write_json(path, asdict(cost))
    return adapter.validate_json(path.read_bytes())


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    write_text(path, json.dumps(content, indent=2))
