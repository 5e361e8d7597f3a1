"""`harmaug export`: a guard for where it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmaug.export.choices import Precision, Target, Validation


def export(
    ref: Annotated[str, typer.Argument(help="`embedded`, a folder or a hub id.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    target: Annotated[Target, typer.Option(help="What runs it.")] = Target.ONNX,
    precision: Annotated[
        Precision, typer.Option(help="The weights of `web`; other targets name theirs.")
    ] = Precision.INT8,
    validation: Annotated[
        str | None,
        typer.Option(help="Labelled rows, a name or a file, to measure int8 against float32."),
    ] = None,
    max_drop: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How far AUPRC may fall there; else refused.")
    ] = 0.005,
) -> None:
    """Write a guard as a device takes it: onnx, int8, web (a static folder) or executorch.

    Examples:
        harmaug export runs/mine/student guard

        harmaug export runs/mine/student guard --target int8 --validation quickstart-test

        harmaug export embedded site --target web
    """
    from harmaug.export.targets import export as write

    checked = None if validation is None else Validation(validation, max_drop)
    exported = write(ref, folder, target, precision, checked)
    for path in exported.files:
        size = (folder / path).stat().st_size
        typer.echo(f"{size / 1e3:12,.1f} kB  {folder / path}")
    if exported.drop is not None:
        typer.echo(str(exported.drop))
