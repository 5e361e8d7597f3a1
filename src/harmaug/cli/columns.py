"""Parquet to Parquet: the columns are carried as they are, and the verdicts beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harmaug.cli.parquet import batches, not_writable, open_parquet
from harmaug.cli.rows import VERDICT, Row, row_of, score_rows
from harmaug.cli.values import python_values
from harmaug.errors import DataError
from harmaug.guard import Guard

_TYPES = (pa.float64(), pa.bool_(), pa.bool_(), pa.list_(pa.string()), pa.string())
_ADDED = [pa.field(name, kind) for name, kind in zip(VERDICT, _TYPES, strict=True)]
_READ = ("prompt", "response")


def score_columns(guard: Guard, source: Path, out: Path) -> Iterator[Row]:
    """Score a Parquet file into another; yield each row, of whose fields it has what was read.

    Raises:
        DataError: when the file cannot be read, or has two columns of prompts or responses.
    """
    with open_parquet(source) as file:
        schema = file.schema_arrow
        _check(schema, source)
        kept = [index for index, name in enumerate(schema.names) if name not in VERDICT]
        fields = [*(schema.field(index) for index in kept), *_ADDED]
        wider = pa.schema(fields, schema.metadata)
        lines = count(1)
        try:
            with pq.ParquetWriter(out, wider) as writer:
                for batch in batches(file, source):
                    rows = list(score_rows(guard, _rows(batch, lines)))
                    columns = [*(batch.column(index) for index in kept), *_verdicts(rows)]
                    writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=wider))
                    yield from rows
        except pa.ArrowException as error:
            raise not_writable(error) from None


def _check(schema: pa.Schema, source: Path) -> None:
    for name in _READ:
        if len(schema.get_all_field_indices(name)) > 1:
            raise DataError(f"{source}: two columns are named '{name}': rename one")


def _rows(batch: pa.RecordBatch, lines: Iterator[int]) -> Iterator[Row]:
    names = [name for name in _READ if name in batch.schema.names]
    texts = [python_values(batch.column(name)) for name in names]
    for at in range(batch.num_rows):
        yield row_of(next(lines), {name: text[at] for name, text in zip(names, texts, strict=True)})


def _verdicts(rows: Sequence[Row]) -> list[pa.Array]:
    return [pa.array([row.fields.get(each.name) for row in rows], each.type) for each in _ADDED]
