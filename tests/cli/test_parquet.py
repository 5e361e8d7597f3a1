"""Parquet files of `harmaug score`: columns as they were, rows a few at a time."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harmaug.cli.rows import ROWS_AT_ONCE, VERDICT, Row, score_file
from harmaug.errors import DataError
from harmaug.guard import Guard, Verdict
from harmaug.scoring import TextPair

ADDED = pa.schema(
    [
        ("score", pa.float64()),
        ("flagged", pa.bool_()),
        ("in_scope", pa.bool_()),
        ("reasons", pa.list_(pa.string())),
        ("error", pa.string()),
    ]
)
FAR = 10**15
"""Milliseconds: past the year 9999, where Python's dates end."""


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard.load("embedded")


def score(guard: Guard, table: pa.Table, folder: Path, name: str = "out.parquet") -> list[Row]:
    pq.write_table(table, folder / "in.parquet")
    return list(score_file(guard, folder / "in.parquet", folder / name))


def not_utf8() -> pa.Array:
    """The texts b"ok" and b"\\xff"."""
    offsets = pa.array([0, 2, 3], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ok\xff")])


def test_columns_are_carried_as_they_are(guard: Guard, tmp_path: Path) -> None:
    columns: dict[str, pa.Array] = {
        "prompt": pa.array(["how do i bake bread", "hello"]).dictionary_encode(),
        "large": pa.array([1, 2**64 - 1], pa.uint64()),
        "small": pa.array([1, None], pa.int8()),
        "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
        "exact": pa.array([1, 1700000000123456789], pa.timestamp("ns")),
        "far": pa.array([0, FAR], pa.timestamp("ms", tz="UTC")),
        "text": not_utf8(),
    }
    names = [*columns, "map"]
    fields = [*(pa.field(name, column.type) for name, column in columns.items())]
    fields.append(pa.field("map", pa.int64(), metadata={"unit": "s"}))
    schema = pa.schema(fields, metadata={"made": "by hand"})
    table = pa.table([*columns.values(), pa.array([3, 4])], schema=schema)
    score(guard, table, tmp_path)
    found = pq.ParquetFile(tmp_path / "out.parquet").read()
    assert found.schema.names == [*names, *ADDED.names]
    carried = found.select(range(len(names)))
    assert carried.equals(table)
    assert carried.equals(pq.ParquetFile(tmp_path / "in.parquet").read(), check_metadata=True)
    verdicts = found.select(ADDED.names)
    assert verdicts.schema.equals(ADDED)
    expected = guard.check("hello").score
    assert verdicts.to_pylist()[1] == {
        **{"score": pytest.approx(expected), "flagged": False, "in_scope": True},
        **{"reasons": [], "error": None},
    }


def test_rows_are_read_scored_and_written_a_few_at_a_time(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    judge = guard.verdicts

    def count(pairs: Sequence[TextPair]) -> list[Verdict]:
        asked.append(len(pairs))
        return judge(pairs[:1]) * len(pairs)

    monkeypatch.setattr(guard, "verdicts", count)
    prompts: list[str | None] = ["hello"] * (2 * ROWS_AT_ONCE + 5)
    prompts[1], prompts[-1] = None, None
    pq.write_table(pa.table({"prompt": prompts}), tmp_path / "in.parquet")
    rows = score_file(guard, tmp_path / "in.parquet", tmp_path / "out.parquet")
    first = next(rows)
    assert asked == [ROWS_AT_ONCE - 1]
    assert not (tmp_path / "out.parquet").exists()
    bad = [row.line for row in (first, *rows) if row.error is not None]
    assert bad == [2, len(prompts)]
    assert asked == [ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 4]
    assert pq.read_metadata(tmp_path / "out.parquet").num_row_groups == 3


def test_a_bad_row_does_not_lose_the_others(guard: Guard, tmp_path: Path) -> None:
    rows = score(guard, pa.table({"prompt": not_utf8()}), tmp_path)
    assert [row.error for row in rows] == [None, "no 'prompt' string"]
    good, bad = pq.read_table(tmp_path / "out.parquet", columns=list(VERDICT)).to_pylist()
    assert good["error"] is None and good["score"] > 0
    assert bad == {**dict.fromkeys(VERDICT), "error": "no 'prompt' string"}


def test_verdicts_of_an_earlier_scoring_are_replaced(guard: Guard, tmp_path: Path) -> None:
    score(guard, pa.table({"score": ["x"], "prompt": ["hello"], "error": [1]}), tmp_path)
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.schema.names == ["prompt", *ADDED.names]
    assert found["score"].to_pylist() == [pytest.approx(guard.check("hello").score)]


def test_two_prompts_in_a_row_are_refused(guard: Guard, tmp_path: Path) -> None:
    table = pa.table([["a"], ["b"]], names=["prompt", "prompt"])
    with pytest.raises(DataError, match="two columns are named 'prompt'"):
        score(guard, table, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_json_gets_what_python_cannot_hold_as_text(guard: Guard, tmp_path: Path) -> None:
    far = pa.array([0, FAR], pa.timestamp("ms"))
    table = pa.table({"prompt": ["a", "b"], "far": far, "text": not_utf8()})
    score(guard, table, tmp_path, "out.jsonl")
    read = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = map(json.loads, read)
    assert (first["far"], first["text"]) == ("1970-01-01T00:00:00", "ok")
    assert str(FAR) in second["far"]
    assert second["text"] == "ff"


def test_json_has_no_two_fields_of_one_name(guard: Guard, tmp_path: Path) -> None:
    table = pa.table([["a"], ["b"], ["c"]], names=["prompt", "x", "x"])
    with pytest.raises(DataError, match="two columns are named 'x': rename one, or write .parquet"):
        score(guard, table, tmp_path, "out.jsonl")


@pytest.mark.parametrize("depth", [60, 300])
@pytest.mark.parametrize("nested", ["[{}]", '{{"a": {}}}'])
def test_what_is_nested_too_deeply_for_parquet_is_one_line(
    nested: str, depth: int, guard: Guard, tmp_path: Path
) -> None:
    value = "1"
    for _ in range(depth):
        value = nested.format(value)
    (tmp_path / "in.jsonl").write_text(f'{{"prompt": "a", "x": {value}}}\n')
    out = tmp_path / "out.parquet"
    if (nested, depth) == ('{{"a": {}}}', 60):  # a struct takes half the depth of a list
        assert list(score_file(guard, tmp_path / "in.jsonl", out))
        assert pq.read_table(out).num_rows == 1
        return
    with pytest.raises(DataError, match=r"no Parquet file can hold these rows .*write .jsonl"):
        list(score_file(guard, tmp_path / "in.jsonl", out))
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_half_a_surrogate_pair_names_no_column(guard: Guard, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt": "a", "\\ud83d": 1}\n')
    with pytest.raises(DataError, match="no Parquet column holds"):
        list(score_file(guard, tmp_path / "in.jsonl", tmp_path / "out.parquet"))


def test_a_file_that_ends_too_early_is_named(guard: Guard, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    prompts = [str(number) * 1000 for number in range(50)]
    pq.write_table(pa.table({"prompt": prompts}), source, compression="none")
    whole = source.read_bytes()
    source.write_bytes(whole[:4] + b"\xff" * 9000 + whole[9004:])
    pq.read_schema(source)
    with pytest.raises(DataError, match="in.parquet: not a readable Parquet file"):
        list(score_file(guard, source, tmp_path / "out.parquet"))
    source.write_bytes(whole[:-9])
    with pytest.raises(DataError, match="in.parquet: not a readable Parquet file"):
        list(score_file(guard, source, tmp_path / "out.parquet"))
    assert list(tmp_path.iterdir()) == [source]
