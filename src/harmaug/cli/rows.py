"""Rows of `harmaug score`: read and written one after the other, whatever the file's kind."""

from __future__ import annotations

import datetime
import gzip
import json
import os
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from harmaug.errors import DataError, require
from harmaug.guard import Guard
from harmaug.scoring import TextPair

ROWS_AT_ONCE = 2048

VERDICT = ("score", "flagged", "in_scope", "reasons", "error")
"""What scoring adds; what a row has of these names already is of an earlier scoring."""

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its line, its fields, and why it cannot be scored, if it cannot."""

    line: int
    fields: Fields
    error: str | None


def score_file(guard: Guard, source: Path, out: Path) -> Generator[Row]:
    """Score a file into another, whose kind may differ; yield each row when it is scored.

    The rows are to be read to the end: only then is the file written.

    Raises:
        DataError: when the one cannot be read or the other cannot be written.
    """
    if source.suffix == out.suffix == ".parquet":
        check_source(source)
        require("train", "reading Parquet", "pyarrow")
        from harmaug.cli.columns import score_columns

        with _appearing(out) as temporary:
            yield from score_columns(guard, source, temporary)
        return
    with open_reader(source) as rows, open_writer(out) as write:
        for row in score_rows(guard, rows):
            write(row.fields)
            yield row


def score_rows(guard: Guard, rows: Iterable[Row]) -> Iterator[Row]:
    """Add the verdict to each row that can be scored, `error` to the others.

    The verdict is `score`, `flagged`, `in_scope` and `reasons`. Fields of these names go.
    """
    source = iter(rows)
    while batch := list(islice(source, ROWS_AT_ONCE)):
        pairs = [pair for row in batch if row.error is None for pair in [_pair(row)]]
        verdicts = iter(guard.verdicts(pairs))
        for row in batch:
            kept = {name: value for name, value in row.fields.items() if name not in VERDICT}
            if row.error is not None:
                yield Row(row.line, {**kept, "error": row.error}, row.error)
                continue
            verdict = next(verdicts)
            added = {
                "score": verdict.score,
                "flagged": verdict.flagged,
                "in_scope": verdict.in_scope,
                "reasons": list(verdict.reasons),
            }
            yield Row(row.line, {**kept, **added}, None)


@contextmanager
def open_reader(path: Path) -> Iterator[Iterable[Row]]:
    """Open a file of rows.

    Raises:
        DataError: when there is no such file, its kind is unknown, or, while rows are read, it
            cannot be read to its end.
    """
    check_source(path)
    if path.suffix == ".parquet":
        require("train", "reading Parquet", "pyarrow")
        from harmaug.cli.parquet import read_parquet

        yield (row_of(number, fields) for number, fields in enumerate(read_parquet(path), 1))
        return
    try:
        opened = _open(path, "rb")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    with opened as file:
        lines = enumerate(_lines(file, path), 1)
        yield (_json_row(line, number) for number, line in lines if line.strip())


@contextmanager
def open_writer(path: Path) -> Iterator[Callable[[Fields], None]]:
    """Open a file to write rows to; it appears under its name only when it is whole.

    Raises:
        DataError: when the kind is unknown, the place cannot be written, or a Parquet column
            cannot hold its values.
    """
    with _appearing(path) as temporary:
        if path.suffix == ".parquet":
            require("train", "writing Parquet", "pyarrow")
            from harmaug.cli.parquet import ParquetWriter

            with closing(ParquetWriter(temporary)) as parquet:
                yield parquet.add
                parquet.finish()
        else:
            with _open(temporary, "wb") as file:
                yield lambda fields: _write_line(file, fields)


def check_source(path: Path) -> None:
    """Check that there is a file to read.

    Raises:
        DataError: when there is none.
    """
    if not path.is_file():
        raise DataError(f"no data file {path}: check the path")


def row_of(line: int, fields: Fields) -> Row:
    """A row as it was read, with why it cannot be scored, if it cannot."""
    if not isinstance(fields.get("prompt"), str):
        return Row(line, fields, "no 'prompt' string")
    if not isinstance(fields.get("response"), str | None):
        return Row(line, fields, "'response' is neither a string nor null")
    return Row(line, fields, None)


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A file to write, which appears under its name only when it is whole."""
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _open(path: Path, mode: str) -> IO[bytes]:
    if path.name.endswith(".jsonl.gz"):
        return gzip.open(path, mode, compresslevel=6)  # type: ignore[return-value]
    if path.name.endswith(".jsonl"):
        return path.open(mode)
    raise DataError(f"{path}: unknown kind of file; use .jsonl, .jsonl.gz or .parquet")


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except EOFError:
        raise DataError(f"cannot read {path}: it ends too early, fetch or write it again") from None
    except (OSError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from None


def _write_line(file: IO[bytes], fields: Fields) -> None:
    try:
        line = json.dumps(fields, ensure_ascii=False, default=_plain).encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell and UTF-8 cannot
        line = json.dumps(fields, default=_plain).encode("ascii")
    file.write(line + b"\n")


def _plain(value: object) -> str:
    """What a Parquet column holds and JSON does not know, as text."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _json_row(line: bytes, number: int) -> Row:
    try:
        fields: object = json.loads(line.decode("utf-8-sig"))  # a file may start with a mark
    except UnicodeDecodeError:
        return Row(number, {"line": number}, "not UTF-8 text")
    except RecursionError:
        return Row(number, {"line": number}, "nested too deeply")
    except ValueError:
        return Row(number, {"line": number}, "not valid JSON")
    if not isinstance(fields, dict):
        return Row(number, {"line": number}, "not an object with a 'prompt'")
    return row_of(number, fields)


def _pair(row: Row) -> TextPair:
    response = row.fields.get("response")
    return str(row.fields["prompt"]), None if response is None else str(response)
