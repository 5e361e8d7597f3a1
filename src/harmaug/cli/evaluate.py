"""`harmaug evaluate`: guards on benchmarks, with intervals, and what they cost."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from harmaug.cli.progress import open_progress
from harmaug.errors import ConfigError, require


class By(StrEnum):
    """What rows are grouped by."""

    SOURCE = "source"
    CATEGORY = "category"
    SCORE = "score"


def evaluate(
    *,
    model: Annotated[
        list[str],
        typer.Option(
            help="embedded, a folder, a hub id, or a YAML file of a teacher (a server, an "
            "ensemble); as often as needed."
        ),
    ],
    benchmark: Annotated[list[str], typer.Option(help="A name or a file; as often as needed.")],
    by: Annotated[
        list[By] | None,
        typer.Option(help="Also against human labels by this; as often as needed."),
    ] = None,
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="On p(unsafe).")] = 0.5,
    resamples: Annotated[int, typer.Option(min=1, help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 42,
    cost: Annotated[bool, typer.Option(help="Measure what each guard costs.")] = True,
    json: Annotated[Path | None, typer.Option(help="Write everything to this file.")] = None,
) -> None:
    """Measure guards on benchmarks: F1, AUPRC and more, with 95% bootstrap intervals.

    The second and further guards are compared to the first, paired by example. Every guard is
    looked for before any is loaded; where one fails all the same, those before it are shown and
    written. With `--json` the answers of servers are kept until all is done: the same command
    goes on with them.

    `--by` shows where a guard and the human labels part: agreement, misses, false alarms and
    bias of each source or category of the benchmark, or calibration by score.

    Example: `harmaug evaluate --model embedded --benchmark quickstart-test --json result.json`
    """
    require("train", "harmaug evaluate", "pydantic", "torch", "transformers")
    from harmaug.cli.agreement import print_agreement
    from harmaug.cli.quiet import quiet_libraries
    from harmaug.cli.table import print_evaluation
    from harmaug.config.teacher import teacher_config
    from harmaug.evaluate.evaluation import Evaluation
    from harmaug.evaluate.run import evaluate_guards, to_json
    from harmaug.pipeline.checks import check_teacher
    from harmaug.runs.parts import write_text

    if json is not None:
        _check_place(json)
    journals = None if json is None else json.with_name(f".{json.name}.journal")
    quiet_libraries()
    for name in model:
        check_teacher(teacher_config(name), "--model")
    progress = open_progress()

    def tell(evaluation: Evaluation) -> None:
        progress.close()
        print_evaluation(evaluation)
        for judgement in evaluation.judgements:
            print_agreement(judgement, by or [])
        if json is not None:
            write_text(json, to_json(evaluation))

    try:
        evaluation = evaluate_guards(
            model,
            benchmark,
            threshold=threshold,
            resamples=resamples,
            seed=seed,
            cost=cost,
            progress=progress,
            journals=journals,
            unfinished=tell,
        )
    finally:
        progress.close()
    tell(evaluation)
    if journals is not None:
        shutil.rmtree(journals, ignore_errors=True)


def _check_place(path: Path) -> None:
    """Refuse what could not be written to, before hours of scoring and not after.

    Raises:
        ConfigError: when it is a folder.
        RunFolderError: when nothing can be written beside it.
    """
    from harmaug.runs.parts import disk_error, make_folder

    if path.is_dir():
        raise ConfigError(f"--json {path} is a folder: name a file, as in {path / 'result.json'}")
    make_folder(path.parent)
    try:
        TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise disk_error(path, error) from None
