"""Which verbs there are, in the order that help shows them."""

from __future__ import annotations

import typer

from harmaug.cli import config, run


def register(app: typer.Typer) -> None:
    """Add every verb to the application."""
    app.command(name="run")(run.run)
    app.add_typer(config.app, name="config")
