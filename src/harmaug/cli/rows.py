"""Rows of `harmaug score`: read and written one after the other, whatever the file's kind."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from harmaug.errors import DataError, require
from harmaug.guard import Guard
from harmaug.scoring import TextPair

ROWS_AT_ONCE = 2048

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its line, its fields, and why it cannot be scored, if it cannot."""

    line: int
    fields: Fields
    error: str | None


def score_rows(guard: Guard, rows: Iterable[Row]) -> Iterator[Row]:
    """Add `score` and `flagged` to each row that can be scored, `error` to the others."""
    source = iter(rows)
    while batch := list(islice(source, ROWS_AT_ONCE)):
        pairs = [pair for row in batch if row.error is None for pair in [_pair(row)]]
        verdicts = iter(guard.verdicts(pairs))
        for row in batch:
            if row.error is not None:
                yield Row(row.line, {**row.fields, "error": row.error}, row.error)
                continue
            verdict = next(verdicts)
            added = {"score": verdict.score, "flagged": verdict.flagged}
            yield Row(row.line, {**row.fields, **added}, None)


@contextmanager
def open_reader(path: Path) -> Iterator[Iterable[Row]]:
    """Open a file of rows.

    Raises:
        DataError: when there is no such file, or its kind is unknown.
    """
    if not path.is_file():
        raise DataError(f"no data file {path}: check the path")
    if path.suffix == ".parquet":
        yield _parquet_rows(path)
        return
    with _open(path, "rb") as file:
        yield (_json_row(line, number) for number, line in enumerate(file, 1) if line.strip())


@contextmanager
def open_writer(path: Path) -> Iterator[Callable[[Fields], None]]:
    """Open a file to write rows to; it appears under its name only when it is whole.

    Raises:
        DataError: when the kind is unknown or the place cannot be written.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        if path.suffix == ".parquet":
            collected: list[Fields] = []
            yield collected.append
            _write_parquet(temporary, collected)
        else:
            with _open(temporary, "wb") as file:
                yield lambda fields: _write_line(file, fields)
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


def _write_line(file: IO[bytes], fields: Fields) -> None:
    file.write(json.dumps(fields, ensure_ascii=False).encode("utf-8") + b"\n")


def _json_row(line: bytes, number: int) -> Row:
    try:
        fields: object = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Row(number, {"line": number}, "not UTF-8 text")
    except ValueError:
        return Row(number, {"line": number}, "not valid JSON")
    if not isinstance(fields, dict):
        return Row(number, {"line": number}, "not an object with a 'prompt'")
    return Row(number, fields, _problem(fields))


def _problem(fields: Fields) -> str | None:
    if not isinstance(fields.get("prompt"), str):
        return "no 'prompt' string"
    if not isinstance(fields.get("response"), str | None):
        return "'response' is neither a string nor null"
    return None


def _pair(row: Row) -> TextPair:
    response = row.fields.get("response")
    return str(row.fields["prompt"]), None if response is None else str(response)


def _parquet_rows(path: Path) -> Iterator[Row]:
    require("train", "reading Parquet", "pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        number = 0
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for fields in batch.to_pylist():
                number += 1
                yield Row(number, fields, _problem(fields))
    except (pa.ArrowException, OSError):
        raise DataError(f"{path}: not a readable Parquet file") from None


def _write_parquet(path: Path, rows: list[Fields]) -> None:
    require("train", "writing Parquet", "pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    pq.write_table(pa.table(columns), path)
