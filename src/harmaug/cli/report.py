"""`harmaug report`: the page of a run or a study again, from its stored scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmaug.errors import require


def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a whole run or study.")],
    threshold: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Another threshold on p(unsafe).")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables as Markdown instead.")
    ] = False,
) -> None:
    """Build report.html of a run, or every table and figure of a study, again.

    Examples:
        harmaug report runs/quickstart

        harmaug report runs/quickstart --markdown --threshold 0.8

        harmaug report studies/table1
    """
    require("train", "harmaug report", "pydantic", "pyarrow", "jinja2")
    if (folder / "study.json").is_file():
        _study(folder, threshold, markdown)
        return
    from harmaug.evaluate.results import Results
    from harmaug.report import html
    from harmaug.report import markdown as tables

    results = Results.load(folder)
    if threshold is not None:
        results = results.at(threshold, folder)
    if markdown:
        typer.echo(tables.markdown(results), nl=False)
    else:
        typer.echo(html.write_report(results, folder))


def _study(folder: Path, threshold: float | None, markdown: bool) -> None:
    from dataclasses import replace

    from harmaug.study.report import MARKDOWN, write_study
    from harmaug.study.results import Study

    study = Study.load(folder)
    if threshold is not None:
        study = replace(study, threshold=threshold)
    _, page = write_study(study, folder)
    if markdown:
        typer.echo((folder / MARKDOWN).read_text(encoding="utf-8"), nl=False)
    else:
        typer.echo(page)
