"""`harmaug study`: a grid of arms and seeds, resumable, with its report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from harmaug.cli.progress import open_progress
from harmaug.cli.run import TRAINING
from harmaug.errors import ConfigError, require


def study(
    source: Annotated[str, typer.Argument(help="A study by name, or a YAML file.")],
    *,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE for every arm.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Seeds in place of the study's, as in 1,2,3.")
    ] = None,
    guard: Annotated[
        list[str] | None, typer.Option(help="Another guard to show beside the arms.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The study's folder; studies/NAME when not given.")
    ] = None,
    stages: Annotated[
        Path | None,
        typer.Option(help="Where stages are kept; studies that name the same share them."),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="A ledger to append each evaluation to, as JSON Lines.")
    ] = None,
) -> None:
    """Run every arm with every seed, as far as it is not there yet, and report.

    Killed or interrupted, the same command goes on where it stopped. Studies that ship: quickstart,
    table1, prefix, generator, student, size, temperature, empty-response, lambda, diversity, cost,
    steered, balanced, selection.

    Examples:
        harmaug study table1 --out studies/table1

        harmaug study size --stages studies/stages --seeds 1,2,3

        harmaug study table1 --guard meta-llama/Llama-Guard-3-1B

        harmaug study mine.yaml --set distill.steps=300

        torchrun --nproc-per-node 8 --no-python harmaug study table1
    """
    require("train", "harmaug study", *TRAINING)
    from harmaug.cli.quiet import quiet_libraries
    from harmaug.distill import leading
    from harmaug.memory import keep_freed_memory
    from harmaug.study.config import load_study
    from harmaug.study.report import write_study
    from harmaug.study.run import Places, run_study
    from harmaug.study.tables import overview

    quiet_libraries()
    keep_freed_memory()
    config = load_study(source, settings or [])
    if seeds is not None:
        config = config.model_copy(update={"seeds": _seeds(seeds)})
    guards = tuple(dict.fromkeys([*config.guards, *(guard or [])]))
    config = config.model_copy(update={"guards": guards})
    folder = out if out is not None else Path("studies") / config.name
    places = Places(folder, stages or folder, ledger or folder / "ledger.jsonl")
    command = shlex.join(["harmaug", *sys.argv[1:]])
    with leading() as first:
        if first:
            progress = open_progress()
            try:
                result = run_study(config, places, command=command, progress=progress)
            finally:
                progress.close()
            summary, page = write_study(result, folder)
            typer.echo(overview(summary))
            typer.echo(f"report: {page}")


def _seeds(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"--seeds {text}: write whole numbers with commas, as in 1,2,3") from None
    if len(set(found)) < len(found):
        raise ConfigError(f"--seeds {text} names a seed twice")
    return found
