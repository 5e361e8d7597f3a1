"""Arrow values in Python, whatever they are."""

from __future__ import annotations

import pyarrow as pa

_ALL = 2**31 - 1


def python_values(column: pa.Array) -> list[object]:
    """Return a column's values.

    Those that Python cannot hold come as bytes (text that is not UTF-8) or as text (times beyond
    the year 9999, structs with two fields of one name).
    """
    try:
        values: list[object] = column.to_pylist()
    except Exception:  # each type fails in its own way
        return [_value(column, index) for index in range(len(column))]
    return values


def _value(column: pa.Array, index: int) -> object:
    scalar = column[index]
    try:
        value: object = scalar.as_py()
    except Exception:
        if isinstance(scalar, pa.StringScalar):
            return scalar.as_buffer().to_pybytes()
        text = str(column.slice(index, 1).to_string(container_window=_ALL))
        return text.removeprefix("[").removesuffix("]").strip()
    return value
