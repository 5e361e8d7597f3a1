"""Parquet files of `harmaug score`: rows come one by one, and few are held at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harmaug.cli.rows import ROWS_AT_ONCE, Fields
from harmaug.cli.values import python_values
from harmaug.errors import DataError

_ELSE = "write .jsonl instead"


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a file.

    Raises:
        DataError: when it is no Parquet file.
    """
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        raise _not_readable(path) from None


def batches(file: pq.ParquetFile, path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, `ROWS_AT_ONCE` at a time.

    Raises:
        DataError: when it cannot be read to its end.
    """
    try:
        yield from file.iter_batches(ROWS_AT_ONCE)
    except (pa.ArrowException, OSError):
        raise _not_readable(path) from None


def read_parquet(path: Path) -> Iterator[Fields]:
    """Yield the rows of a file.

    Raises:
        DataError: when it is no Parquet file, or two columns have one name.
    """
    with open_parquet(path) as file:
        names = file.schema_arrow.names
        if twice := [name for name in names if names.count(name) > 1]:
            raise DataError(
                f"{path}: two columns are named '{twice[0]}': rename one, or write .parquet, "
                "which holds both"
            )
        for batch in batches(file, path):
            columns = [python_values(column) for column in batch.columns]
            for values in zip(*columns, strict=True):
                yield dict(zip(names, values, strict=True))


class ParquetWriter:
    """Writes rows whose columns are known only when the last has been seen.

    Until then they lie beside the file as Arrow streams, each with the columns of its own rows.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spool = path.with_name(f"{path.name}.spool")
        self._file = pa.OSFile(str(self._spool), "wb")
        self._waiting: list[Fields] = []
        self._schemas: list[pa.Schema] = []

    def add(self, fields: Fields) -> None:
        """Take a row.

        Raises:
            DataError: when a field has values that no Parquet column holds.
        """
        self._waiting.append(fields)
        if len(self._waiting) == ROWS_AT_ONCE:
            self._put_aside()

    def finish(self) -> None:
        """Write the file.

        Raises:
            DataError: when a field has values that no Parquet column holds.
        """
        self._put_aside()
        self._file.close()
        schema = _common(self._schemas)
        try:
            with (
                pq.ParquetWriter(self._path, schema) as writer,
                pa.OSFile(str(self._spool), "rb") as spooled,
            ):
                for _ in self._schemas:
                    with pa.ipc.open_stream(spooled) as stream:
                        writer.write_table(_with_columns(stream.read_all(), schema))
        except pa.ArrowException as error:
            raise not_writable(error) from None
        try:
            pq.read_schema(self._path)
        except OSError as error:  # lists in lists are written deeper than they can be read
            raise not_writable(error) from None

    def close(self) -> None:
        """Remove what was put aside."""
        self._file.close()
        self._spool.unlink(missing_ok=True)

    def _put_aside(self) -> None:
        table = _table(self._waiting)
        try:
            with pa.ipc.new_stream(self._file, table.schema) as stream:
                stream.write_table(table)
        except pa.ArrowException as error:
            raise not_writable(error) from None
        self._schemas.append(table.schema)
        self._waiting = []


def _table(rows: Sequence[Fields]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        try:
            name.encode("utf-8")
            columns[name] = pa.array([row.get(name) for row in rows])
        # Values of two types, numbers that are too large, halves of surrogate pairs.
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            raise _no_column(name) from None
    return pa.table(columns)


def _common(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Return the columns of all, in the order they came in, each of a type that holds all."""
    fields: dict[str, pa.Field] = {}
    for field in (field for schema in schemas for field in schema):
        known = fields.get(field.name)
        try:
            both = [pa.schema([known]), pa.schema([field])] if known else [pa.schema([field])]
            fields[field.name] = pa.unify_schemas(both, promote_options="permissive").field(0)
        except pa.ArrowException:
            raise _no_column(field.name) from None
    return pa.schema(fields.values())


def _with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _not_readable(path: Path) -> DataError:
    return DataError(f"{path}: not a readable Parquet file")


def not_writable(error: pa.ArrowException | OSError) -> DataError:
    """What is wrong with rows that Arrow holds and Parquet does not."""
    reason = str(error).partition("\n")[0]
    return DataError(f"no Parquet file can hold these rows ({reason}): {_ELSE}")


def _no_column(name: str) -> DataError:
    return DataError(f"field '{name}' has values that no Parquet column holds: {_ELSE}")
