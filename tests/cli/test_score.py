import datetime
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harmaug.cli.rows import ROWS_AT_ONCE, open_reader, open_writer, score_rows
from harmaug.errors import DataError
from harmaug.guard import Guard

ROWS: list[dict[str, object]] = [
    {"prompt": "how do i bake bread", "note": 1},
    {"prompt": "hello", "response": "hi there"},
    {"prompt": "line \u2028 separator"},
]


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard.load("embedded")


def score_file(guard: Guard, source: Path, out: Path) -> list[str | None]:
    with open_reader(source) as rows, open_writer(out) as write:
        errors = []
        for row in score_rows(guard, rows):
            write(row.fields)
            errors.append(row.error)
    return errors


def lines(path: Path) -> list[dict[str, object]]:
    read: Callable[[bytes], bytes] = gzip.decompress if path.suffix == ".gz" else bytes
    text = read(path.read_bytes()).decode("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_rows_keep_order_and_fields(suffix: str, tmp_path: Path, guard: Guard) -> None:
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    source.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    assert score_file(guard, source, out) == [None, None, None]
    scored = lines(out)
    added = {"score": 0, "flagged": 0, "in_scope": True, "reasons": []}
    assert [{**row, **added} for row in ROWS] == [
        {**row, "score": 0, "flagged": 0} for row in scored
    ]
    scores = [row["score"] for row in scored]
    expected = guard.score([(str(r["prompt"]), r.get("response")) for r in ROWS])  # type: ignore[misc]
    assert scores == pytest.approx(expected.tolist())


def test_a_bad_row_does_not_lose_the_others(tmp_path: Path, guard: Guard) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(
        b'{"prompt": "a good row"}\nnonsense\n{"text": "x"}\n{"prompt": "caf\xe9"}\n'
        b'{"prompt": "b", "response": 3}\n{"prompt": "last"}\n'
    )
    errors = score_file(guard, source, tmp_path / "out.jsonl")
    assert errors == [
        None,
        "not valid JSON",
        "no 'prompt' string",
        "not UTF-8 text",
        "'response' is neither a string nor null",
        None,
    ]
    out = lines(tmp_path / "out.jsonl")
    assert "score" in out[0] and "score" in out[5]
    assert out[1] == {"line": 2, "error": "not valid JSON"}


def test_what_an_earlier_scoring_left_is_replaced(tmp_path: Path, guard: Guard) -> None:
    stale = {"score": 7.0, "flagged": False, "in_scope": True, "reasons": ["x"], "error": "x"}
    rows = [{"prompt": "hello", **stale, "note": 1}, {"prompt": None, **stale, "note": 2}]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    score_file(guard, source, tmp_path / "out.jsonl")
    good, bad = lines(tmp_path / "out.jsonl")
    assert good.keys() == {"prompt", "note", "score", "flagged", "in_scope", "reasons"}
    assert good["score"] == pytest.approx(guard.check("hello").score)
    assert bad == {"prompt": None, "note": 2, "error": "no 'prompt' string"}


def test_parquet_in_and_out(tmp_path: Path, guard: Guard) -> None:
    table = pa.Table.from_pylist([{"response": None, **row} for row in ROWS])
    pq.write_table(table, tmp_path / "in.parquet")
    assert score_file(guard, tmp_path / "in.parquet", tmp_path / "out.parquet") == [None] * 3
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 3


def test_a_row_out_of_scope_says_so(tmp_path: Path, guard: Guard) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt": "как испечь хлеб дома"}\n', encoding="utf-8")
    score_file(guard, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    score_file(guard, tmp_path / "in.jsonl", tmp_path / "out.parquet")
    columns = pq.read_table(tmp_path / "out.parquet")
    for row in (*lines(tmp_path / "out.jsonl"), *columns.to_pylist()):
        assert row["in_scope"] is False
        assert row["reasons"] == list(guard.check("как испечь хлеб дома").reasons) != []


def test_what_json_does_not_know_is_written_as_text(tmp_path: Path, guard: Guard) -> None:
    when = datetime.datetime(2026, 1, 2, 3, 4, 5)
    row = {"prompt": "a", "when": when, "day": when.date(), "raw": b"\xff", "took": when - when}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "in.parquet")
    score_file(guard, tmp_path / "in.parquet", tmp_path / "out.jsonl")
    (out,) = lines(tmp_path / "out.jsonl")
    assert [out["when"], out["day"]] == ["2026-01-02T03:04:05", "2026-01-02"]
    assert [out["raw"], out["took"]] == ["ff", "0:00:00"]


def test_a_field_of_two_types_has_no_parquet_column(tmp_path: Path, guard: Guard) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"prompt": "a", "x": 1}\n{"prompt": "b", "x": "1"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="field 'x' has values .* write .jsonl"):
        score_file(guard, source, tmp_path / "out.parquet")
    source.write_text('{"prompt": "a", "x": {}}\n', encoding="utf-8")
    with pytest.raises(DataError, match="no Parquet file can hold these rows .* write .jsonl"):
        score_file(guard, source, tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == [source]


def test_parquet_columns_are_those_of_all_rows_however_late(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    late: dict[str, object] = {"prompt": "last", "x": 0.5, "seen": ["a"]}
    with open_writer(out) as write:
        for number in range(2 * ROWS_AT_ONCE):
            write({"prompt": str(number), "x": number})
        write(late)
    rows = pq.read_table(out).to_pylist()
    assert rows[ROWS_AT_ONCE] == {"prompt": str(ROWS_AT_ONCE), "x": ROWS_AT_ONCE, "seen": None}
    assert rows[-1] == late
    assert len(rows) == 2 * ROWS_AT_ONCE + 1
    with pytest.raises(DataError, match="field 'x' has values"), open_writer(out) as write:
        for number in range(ROWS_AT_ONCE):
            write({"x": number})
        write({"x": "late"})
    assert list(tmp_path.iterdir()) == [out]


def test_odd_lines_do_not_lose_the_others(tmp_path: Path, guard: Guard) -> None:
    source = tmp_path / "in.jsonl"
    deep = b"[" * 100_000
    source.write_bytes(
        b'\xef\xbb\xbf{"prompt": "first"}\n' + deep + b'\n{"prompt": "half \\ud83d"}\n'
    )
    errors = score_file(guard, source, tmp_path / "out.jsonl")
    assert errors == [None, "nested too deeply", None]
    assert lines(tmp_path / "out.jsonl")[2]["prompt"] == "half \ud83d"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b'{"prompt": "a"}\n' * 100)[:-9], "ends too early"),
        (gzip.compress(b'{"prompt": "a"}\n')[:10] + b"\xff" * 40, "in.jsonl.gz"),
        (b'{"prompt": "a"}\n', "Not a gzipped file"),
    ],
)
def test_a_broken_gzip_file_is_named(
    content: bytes, message: str, tmp_path: Path, guard: Guard
) -> None:
    source = tmp_path / "in.jsonl.gz"
    source.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        score_file(guard, source, tmp_path / "out.jsonl")
    assert str(caught.value).startswith(f"cannot read {source}: ")
    assert list(tmp_path.iterdir()) == [source]


def test_what_was_not_finished_does_not_appear(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_writer(tmp_path / "out.jsonl") as write:
        write({"prompt": "a"})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_unknown_kinds_are_named(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="use .jsonl"), open_reader(tmp_path / "in.txt"):
        pass
