"""`harmaug plan`: what a run would do and cost, before it does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmaug.errors import require


def plan(
    source: Annotated[str, typer.Argument(help="A preset or a YAML file.")] = "quickstart",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, as often as needed.")
    ] = None,
    machine: Annotated[
        str, typer.Option(help="a100, h100, h200, l4, cpu, or a YAML file of that shape.")
    ] = "a100",
    pilot: Annotated[
        Path | None,
        typer.Option(help="A finished small run of the same models: what it wrote tells lengths."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say what a run would do and cost: rows, tokens, FLOPs, memory, time, money, disk.

    Needs no weights and no network.

    Examples:
        harmaug plan paper --machine h100

        harmaug plan paper --set generate.samples=10000 --json

        harmaug plan mine.yaml --pilot runs/mine-200
    """
    require("train", "harmaug plan", "pydantic", "yaml", "torch", "transformers", "datasketch")
    from harmaug.cli.plan_table import print_plan
    from harmaug.config import load_config
    from harmaug.plan import Pilot, load_machine, make_plan

    known = None if pilot is None else Pilot.of(pilot)
    made = make_plan(load_config(source, settings or []), load_machine(machine), known)
    if json:
        typer.echo(made.to_json())
    else:
        print_plan(made)
