"""`harmaug report`: the page of a run again, from its results and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmaug.errors import require


def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a whole run.")],
    threshold: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Another threshold on p(unsafe).")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables as Markdown instead.")
    ] = False,
) -> None:
    """Build report.html of a run again.

    Examples:
        harmaug report runs/quickstart

        harmaug report runs/quickstart --markdown --threshold 0.8
    """
    require("train", "harmaug report", "pydantic", "pyarrow", "jinja2")
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
