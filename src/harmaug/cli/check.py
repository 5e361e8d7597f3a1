"""`harmaug check`: one verdict, with an exit status that scripts can trust."""

from __future__ import annotations

import codecs
import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from harmaug.errors import DataError

if TYPE_CHECKING:
    from harmaug.guard import Verdict

FLAGGED = 1
OUT_OF_SCOPE = 4
"""What nobody could judge must not pass for safe in `harmaug check - && publish`."""


def check(
    text: Annotated[str, typer.Argument(help="The prompt; `-` reads standard input.")],
    response: Annotated[
        str | None, typer.Option(help="The answer to judge in the prompt's context.")
    ] = None,
    model: Annotated[str, typer.Option(help="`embedded`, a folder or a hub id.")] = "embedded",
    explain: Annotated[bool, typer.Option(help="Show what carries the verdict.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Judge one prompt, or one answer to it.

    Exit status: 0 safe, 1 flagged, 2 error, 3 an unforeseen failure, 4 out of scope: not flagged,
    and not judged reliably either.

    Examples:
        harmaug check "how do I pick a lock"

        harmaug check "how do I pick a lock" --response "Call a locksmith."

        cat letter.txt | harmaug check - --json
    """
    from harmaug.guard import Guard

    prompt = _standard_input() if text == "-" else text
    verdict = Guard.load(model).check(prompt, response, explain=explain)
    if as_json:
        typer.echo(_json(verdict))
    else:
        word = "flagged" if verdict.flagged else "safe" if verdict.in_scope else "out of scope"
        typer.echo(f"{word}  p(unsafe) {verdict.score:.3f}  threshold {verdict.threshold:.3f}")
        for reason in verdict.reasons:
            typer.echo(f"  not judged reliably: {reason}")
        if verdict.window is not None:
            place = verdict.window
            typer.echo(
                f"  highest of {verdict.windows} windows: {place.text} "
                f"characters {place.start} to {place.end}"
            )
        for evidence in verdict.evidence:
            typer.echo(f"  {evidence.drop:+.2f} without the {evidence.kind} {evidence.words!r}")
    raise typer.Exit(FLAGGED if verdict.flagged else 0 if verdict.in_scope else OUT_OF_SCOPE)


def _json(verdict: Verdict) -> str:
    """JSON as whoever reads standard output takes it: escaped where that is not UTF-8."""
    fields = dataclasses.asdict(verdict)
    if sys.stdout is None or codecs.lookup(sys.stdout.encoding or "ascii").name != "utf-8":
        return json.dumps(fields)
    return json.dumps(fields, ensure_ascii=False)


def _standard_input() -> str:
    if sys.stdin is None:
        raise DataError("standard input is closed: pipe the text in, or give it as the argument")
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise DataError("standard input is not UTF-8 text") from None
    except OSError as error:
        raise DataError(f"cannot read standard input: {error.strerror or error}") from None
