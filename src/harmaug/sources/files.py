"""Labelled rows from JSON Lines (plain or gzip), JSON lists, CSV and Parquet files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from harmaug.errors import DataError
from harmaug.rows import LabelledRow, LabelOf
from harmaug.text.plain import encodable

PROMPT_KEYS = ("prompt", "instruction", "text", "user_input")
LABEL_WORDS = {"0": 0, "safe": 0, "harmless": 0, "1": 1, "unsafe": 1, "harmful": 1}
TAU = 0.5
"""The reference code's files give `unsafe-score` in place of a label: harmful is above this."""
FIELD_CHARACTERS = 2**31 - 1
"""Python's csv refuses a field above 131,072 characters unless it is told otherwise."""
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")
_BASIS: Mapping[str, LabelOf] = {
    "prompt": "prompt",
    "response": "response",
    "text": "text",
    "both": "both",
}

Record = Mapping[str, object]


def read_file(path: Path) -> list[LabelledRow]:
    """Read every row of a file; `id` is the row's own, or the file's name and line.

    Raises:
        DataError: naming the file, the line and what to change.
    """
    name = path.name.split(".")[0]
    rows = [as_row(record, f"{path}:{line}", name, line) for line, record in records(path)]
    if not rows:
        raise DataError(f"{path} has no rows: give a file with at least one")
    return rows


def as_row(record: Record, where: str, name: str, line: int) -> LabelledRow:
    """Turn a record into a row: an empty response is none, a lone surrogate a question mark.

    Raises:
        DataError: for a row without prompt, or a label that is neither 0, 1 nor null.
    """
    prompt = next((record[key] for key in PROMPT_KEYS if record.get(key)), None)
    if not isinstance(prompt, str) or not prompt.strip():
        raise DataError(f"{where}: no prompt; every row needs a non-empty 'prompt' string")
    response = record.get("response")
    if response == "":
        response = None
    if response is not None and not isinstance(response, str):
        raise DataError(f"{where}: 'response' is not a string; use text or null")
    judged = _BASIS.get(str(record.get("label_of")), "prompt" if response is None else "response")
    category = record.get("category")
    return LabelledRow(
        id=encodable(str(record.get("id") or f"{name}:{line}")),
        prompt=encodable(prompt),
        response=None if response is None else encodable(response),
        label=_label(record, where),
        category=None if category is None else encodable(str(category)),
        source=encodable(str(record.get("source") or name)),
        label_of=judged,
    )


def records(path: Path) -> Iterator[tuple[int, Record]]:
    """Yield (line number, record) of a data file.

    Raises:
        DataError: when the file is missing, of an unknown kind, or not what its name says.
    """
    if not path.is_file():
        raise DataError(f"no data file {path}: check the path")
    if path.name.endswith(".parquet"):
        yield from _parquet(path)
        return
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); is it complete?") from None
    if path.name.endswith(".csv"):
        yield from _csv(path, text)
    elif path.name.endswith(".json"):
        yield from _json_list(path, text)
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _json_lines(path, text)
    else:
        raise DataError(f"{path}: unknown kind of data file; use {', '.join(SUFFIXES)}")


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _record(line, f"{path}:{number}")


def _json_list(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    try:
        parsed: object = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(parsed, list):
        raise DataError(f"{path}: expected a JSON list of rows")
    for number, record in enumerate(parsed, start=1):
        if not isinstance(record, dict):
            raise DataError(f"{path}: item {number} is not an object with a 'prompt'")
        yield number, record


def _record(line: str, where: str) -> Record:
    try:
        parsed: object = json.loads(line)
    except ValueError:
        raise DataError(f"{where}: not valid JSON; one object a line is expected") from None
    if not isinstance(parsed, dict):
        raise DataError(f'{where}: not an object; a row looks like {{"prompt": "..."}}')
    return parsed


def _csv(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    csv.field_size_limit(FIELD_CHARACTERS)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for number, fields in enumerate(reader, start=2):
            yield number, {key: value or None for key, value in fields.items()}
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not valid CSV ({error})") from None


def _parquet(path: Path) -> Iterator[tuple[int, Record]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise DataError(f"{path}: not a readable Parquet file") from None
    yield from enumerate(table.to_pylist(), start=1)


def _label(record: Record, where: str) -> int | None:
    """Read `label`, or the `unsafe-score` that the reference code writes."""
    value = record.get("label")
    score = record.get("unsafe-score")
    if value is None and isinstance(score, int | float) and 0 <= score <= 1:
        return int(score > TAU)
    if value is None and score is None:
        return None
    if isinstance(value, bool | int | float) and value in {0, 1}:
        return int(value)
    if isinstance(value, str) and value.strip().lower() in LABEL_WORDS:
        return LABEL_WORDS[value.strip().lower()]
    if value is None:
        raise DataError(f"{where}: unsafe-score {score!r}; use a number from 0 to 1")
    raise DataError(f"{where}: label {value!r}; use 1 (harmful), 0 (harmless) or null")
