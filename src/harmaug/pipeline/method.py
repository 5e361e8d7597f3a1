"""The whole method on one screen."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from harmaug.config import RunConfig, to_yaml
from harmaug.evaluate.results import FILE_NAME, HARMAUG, PLAIN, Point, Results, TrainingFacts
from harmaug.pipeline.ablation import ablate
from harmaug.pipeline.checks import check_models
from harmaug.pipeline.context import EXECUTORS, Context
from harmaug.pipeline.data import benchmark_data, labelled_data
from harmaug.pipeline.evaluation import candidates, evaluate
from harmaug.pipeline.facts import data_facts, generation_facts, server_accounts
from harmaug.pipeline.instructions import make_instructions
from harmaug.pipeline.labelling import label_data, label_synthetic, respond
from harmaug.pipeline.publish import publish_student, publish_synthetic
from harmaug.pipeline.selection import choose
from harmaug.pipeline.students import Student, train_student
from harmaug.pipeline.timing import TimedExecutor
from harmaug.progress import Progress, Quiet
from harmaug.report.html import write_report
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import rows_of

QUIET = Quiet()


def run(config: RunConfig, out: Path, progress: Progress = QUIET) -> Results:
    """Run the method into a folder, or as much of it as is not there yet.

    Raises:
        HarmaugError: what a user can mend; the same run goes on where it stopped.
    """
    data = labelled_data(config.data, config.seed)
    benchmarks = benchmark_data(config.evaluate)
    check_models(config)
    with RunFolder(out) as folder:
        folder.write_text("config.yaml", to_yaml(config))
        executor = TimedExecutor(EXECUTORS.load(config.executor.kind)(config.executor))
        context = Context(config, folder, executor, progress)

        held_out = [row for rows in benchmarks.values() for row in rows]
        generation = make_instructions(context, data, held_out)
        ablation = ablate(context, data)
        pairs = respond(context, generation)
        labelled = label_data(context, data)
        synthetic = label_synthetic(context, pairs)

        scored = list(rows_of(labelled))
        students: dict[str, Student] = {}
        if config.baseline:
            students[PLAIN] = train_student(context, "plain", scored)
        everything = [*scored, *choose(context, scored, list(rows_of(synthetic)))]
        students[HARMAUG] = train_student(context, "harmaug", everything)

        evaluation, predictions = evaluate(context, candidates(context, students), benchmarks)
        results = Results(
            name=config.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seed=config.seed,
            tau=config.label.tau,
            config=to_yaml(config),
            evaluation=evaluation,
            data=data_facts(context, data, labelled),
            generation=generation_facts(context, generation, pairs, synthetic, ablation),
            training=tuple(training_facts(student) for student in students.values()),
            predictions=predictions,
            servers=server_accounts(context),
        )
        publish_student(folder, students[HARMAUG], results)
        publish_synthetic(context, generation, synthetic, results)
        folder.write_text(FILE_NAME, results.to_json())
        write_report(results, out)
    return results


def training_facts(student: Student) -> TrainingFacts:
    """Return how a student was trained."""
    result = student.result
    return TrainingFacts(
        guard=student.arm,
        steps=result.steps,
        tokens=result.tokens,
        seconds=result.seconds,
        rows=result.rows,
        training_rows=result.training_rows,
        validation_rows=result.validation_rows,
        window=result.window,
        compute=result.compute,
        history=tuple(Point(**dataclasses.asdict(entry)) for entry in result.history),
    )
