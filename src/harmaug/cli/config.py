"""`harmaug config show`: every setting of a run, defaults included."""

from __future__ import annotations

from typing import Annotated

import typer

from harmaug.errors import require

app = typer.Typer(help="Look at configurations.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Look at configurations."""


@app.command()
def show(
    source: Annotated[str, typer.Argument(help="A preset or a YAML file.")] = "quickstart",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, as often as needed.")
    ] = None,
) -> None:
    """Print every setting of a preset or file as YAML that `harmaug run` takes.

    Example: `harmaug config show paper > mine.yaml`
    """
    require("train", "configurations", "pydantic", "yaml")
    from harmaug.config import load_config, to_yaml

    typer.echo(to_yaml(load_config(source, settings or [])), nl=False)
