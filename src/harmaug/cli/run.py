"""`harmaug run`: the whole method, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmaug.cli.progress import open_progress
from harmaug.errors import require

TRAINING = ("pydantic", "yaml", "pyarrow", "torch", "transformers", "sklearn", "datasketch")


def run(
    source: Annotated[str, typer.Argument(help="A preset or a YAML file.")] = "quickstart",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, as often as needed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder; runs/NAME when not given.")
    ] = None,
) -> None:
    """Generate, respond, label, distil, evaluate and report, in one resumable run.

    Killed or interrupted, the same command goes on where it stopped.

    Examples:
        harmaug run

        harmaug run paper --set generate.samples=1000 --out runs/small

        HARMAUG_DATA=data harmaug run configs/public.yaml

        torchrun --nproc-per-node 8 --no-python harmaug run paper
    """
    require("train", "harmaug run", *TRAINING)
    from harmaug.cli.quiet import quiet_libraries
    from harmaug.cli.table import print_results
    from harmaug.config import load_config
    from harmaug.distill import leading
    from harmaug.memory import keep_freed_memory
    from harmaug.pipeline import run as run_method

    quiet_libraries()
    keep_freed_memory()
    config = load_config(source, settings or [])
    folder = out if out is not None else Path("runs") / config.name
    with leading() as first:
        if first:
            progress = open_progress()
            try:
                results = run_method(config, folder, progress)
            finally:
                progress.close()
            print_results(results, folder)
