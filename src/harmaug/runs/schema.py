"""Arrow schemas of the rows, taken from the dataclasses themselves, and rows in and out."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from operator import attrgetter
from typing import Literal, TypeVar

import pyarrow as pa

Row = TypeVar("Row")

_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}


def arrow_schema(row_type: type) -> pa.Schema:
    """Return the schema of a row type: one column a field, null only where the field allows None.

    Raises:
        TypeError: for a field type that rows do not use.
    """
    hints = typing.get_type_hints(row_type)
    fields = [_field(name, hints[name]) for name in _names(row_type)]
    return pa.schema(fields, metadata={"row": row_type.__name__})


def to_table(rows: Sequence[Row], row_type: type[Row]) -> pa.Table:
    """Turn rows into a table, column by column."""
    schema = arrow_schema(row_type)
    columns = []
    for field in schema:
        read = attrgetter(field.name)
        columns.append(pa.array([read(row) for row in rows], type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def from_table(table: pa.Table, row_type: type[Row]) -> list[Row]:
    """Turn a table back into rows; list columns become tuples."""
    columns = []
    for field in arrow_schema(row_type):
        values = table.column(field.name).to_pylist()
        if pa.types.is_list(field.type):
            values = [tuple(value) for value in values]
        columns.append(values)
    return [row_type(*values) for values in zip(*columns, strict=True)]


def _names(row_type: type) -> list[str]:
    return [field.name for field in dataclasses.fields(row_type)]


def _field(name: str, hint: object) -> pa.Field:
    args = typing.get_args(hint)
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        (inner,) = [arg for arg in args if arg is not types.NoneType]
        return pa.field(name, _data_type(inner), nullable=True)
    return pa.field(name, _data_type(hint), nullable=False)


def _data_type(hint: object) -> pa.DataType:
    if typing.get_origin(hint) is Literal:
        return pa.string()
    if typing.get_origin(hint) is tuple:
        return pa.list_(_data_type(typing.get_args(hint)[0]))
    if isinstance(hint, type) and hint in _SCALARS:
        return _SCALARS[hint]
    raise TypeError(f"rows do not use fields of type {hint}")
