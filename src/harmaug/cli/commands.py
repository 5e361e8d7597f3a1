"""Which verbs there are, in the order that help shows them."""

from __future__ import annotations

import typer

from harmaug.cli import (
    check,
    config,
    doctor,
    evaluate,
    export,
    plan,
    report,
    run,
    score,
    serve,
    study,
    teachers,
)


def register(app: typer.Typer) -> None:
    """Add every verb to the application."""
    app.command(name="run")(run.run)
    app.command(name="plan")(plan.plan)
    app.command(name="study")(study.study)
    app.command(name="evaluate")(evaluate.evaluate)
    app.command(name="report")(report.report)
    app.command(name="check")(check.check)
    app.command(name="score")(score.score)
    app.command(name="serve")(serve.serve)
    app.command(name="export")(export.export)
    app.add_typer(config.app, name="config")
    app.command(name="teachers")(teachers.teachers)
    app.command(name="doctor")(doctor.doctor)
