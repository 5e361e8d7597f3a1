"""`harmaug score`: a file of rows in, the same rows with scores out, streaming."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def score(
    source: Annotated[Path, typer.Option("--in", help="Rows with `prompt` and maybe `response`.")],
    out: Annotated[Path, typer.Option("--out", help="Where the rows go, with their scores.")],
    model: Annotated[str, typer.Option(help="`embedded`, a folder or a hub id.")] = "embedded",
) -> None:
    """Score a JSON Lines or Parquet file (gzip by suffix).

    Added are `score` (p(unsafe)), `flagged`, and `in_scope` with its `reasons`: where it is false
    the guard was not trained for such text, and a low score does not say that it is safe.

    Rows keep their order and their other fields. A row that cannot be scored is reported with its
    line number, gets an `error` instead of a score, and does not lose the others; the exit status
    is then 2.

    Example: `harmaug score --in chats.jsonl.gz --out scored.jsonl.gz`
    """
    from harmaug.cli.rows import open_reader, open_writer, score_rows
    from harmaug.guard import Guard

    guard = Guard.load(model)
    bad = total = 0
    with open_reader(source) as rows, open_writer(out) as write:
        for row in score_rows(guard, rows):
            total += 1
            if row.error is not None:
                bad += 1
                sys.stderr.write(f"{source}:{row.line}: {row.error}\n")
            write(row.fields)
    typer.echo(f"{total - bad} rows scored, {bad} not: {out}", err=True)
    if bad:
        raise typer.Exit(2)
