"""`harmaug score`: a file of rows in, the same rows with scores out, streaming."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from harmaug.cli.app import NOBODY_READS
from harmaug.cli.tell import tell


def score(
    source: Annotated[Path, typer.Option("--in", help="Rows with `prompt` and maybe `response`.")],
    out: Annotated[Path, typer.Option("--out", help="Where the rows go, with their scores.")],
    model: Annotated[str, typer.Option(help="`embedded`, a folder or a hub id.")] = "embedded",
) -> None:
    """Score a JSON Lines or Parquet file (gzip by suffix).

    Added are `score` (p(unsafe)), `flagged`, and `in_scope` with its `reasons`: where it is false
    the guard was not trained for such text, and a low score does not say that it is safe. Fields
    of these names that are there already are replaced.

    Rows keep their order and their other fields; from Parquet to Parquet columns are copied as they
    are, and `error` is always one. A row that cannot be scored is reported with its line number,
    gets an `error` instead of a score, and does not lose the others; the exit status is then 2.

    Example: `harmaug score --in chats.jsonl.gz --out scored.jsonl.gz`
    """
    from harmaug.cli.rows import score_file
    from harmaug.guard import Guard

    bad = total = 0
    heard = True
    with closing(score_file(Guard.load(model), source, out)) as rows:
        for row in rows:
            total += 1
            if row.error is not None:
                bad += 1
                heard &= tell(f"{source}:{row.line}: {row.error}")
    heard &= tell(f"{total - bad} rows scored, {bad} not: {out}")
    if not heard:
        raise typer.Exit(NOBODY_READS)
    if bad:
        raise typer.Exit(2)
