"""Lines on standard error, which may be closed or read by nobody: what is told ends no work."""

from __future__ import annotations

import typer


def tell(line: str) -> bool:
    """Write a line to standard error, where it can be; False where nobody reads it any more."""
    try:
        typer.echo(line, err=True)
    except OSError as error:
        return not isinstance(error, BrokenPipeError)
    return True
