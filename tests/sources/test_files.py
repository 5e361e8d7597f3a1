import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harmaug.errors import DataError
from harmaug.sources.files import read_file

RECORDS: list[dict[str, object]] = [
    {"prompt": "how do i bake bread", "label": 0, "category": "food"},
    {"prompt": "hello", "response": "hi", "label": 1},
    {"prompt": "unknown", "label": None},
]


def write(path: Path) -> Path:
    lines = "\n".join(json.dumps(record) for record in RECORDS) + "\n"
    if path.name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(lines.encode()))
    elif path.suffix == ".jsonl":
        path.write_text(lines, encoding="utf-8")
    elif path.suffix == ".json":
        path.write_text(json.dumps(RECORDS), encoding="utf-8")
    elif path.suffix == ".csv":
        path.write_text(
            "prompt,response,label,category\n"
            "how do i bake bread,,0,food\nhello,hi,1,\nunknown,,,\n",
            encoding="utf-8",
        )
    else:
        whole = [{"response": None, "category": None, **record} for record in RECORDS]
        pq.write_table(pa.Table.from_pylist(whole), path)
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet"])
def test_every_kind_of_file_gives_the_same_rows(suffix: str, tmp_path: Path) -> None:
    rows = read_file(write(tmp_path / f"data{suffix}"))
    assert [(row.prompt, row.response, row.label) for row in rows] == [
        ("how do i bake bread", None, 0),
        ("hello", "hi", 1),
        ("unknown", None, None),
    ]
    assert [row.label_of for row in rows] == ["prompt", "response", "prompt"]
    assert len({row.id for row in rows}) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"prompt": "a"}\n{"text": ""}\n', r"data.jsonl:2: no prompt"),
        (b'{"prompt": "a"}\nnonsense\n', r"data.jsonl:2: not valid JSON"),
        (b'{"prompt": "a"}\n{"prompt": "\xff"}\n', r"data.jsonl:2: not UTF-8"),
        (b'{"prompt": "a", "label": "bad"}\n', r"data.jsonl:1: label 'bad'; use 1"),
        (b'{"prompt": "a", "unsafe-score": 7}\n', r"data.jsonl:1: unsafe-score 7; use a number"),
        (b'{"prompt": "a", "response": 3}\n', r"data.jsonl:1: 'response' is not a string"),
        (b"[1]\n", r"data.jsonl:1: not an object"),
        (b"\n", r"has no rows"),
    ],
)
def test_a_bad_row_is_named_by_its_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_file(path)


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_an_empty_response_is_none(suffix: str, tmp_path: Path) -> None:
    record = {"prompt": "hello", "response": "", "label": 1}
    path = tmp_path / f"data{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([record]), path)
    elif suffix == ".csv":
        path.write_text("prompt,response,label\nhello,,1\n", encoding="utf-8")
    else:
        text = json.dumps([record] if suffix == ".json" else record)
        path.write_text(text, encoding="utf-8")
    (row,) = read_file(path)
    assert (row.response, row.label_of) == (None, "prompt")


def test_half_a_character_is_a_question_mark_wherever_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    half, whole = r"a \ud83d b", r"\ud83d\ude00"
    fields = dict.fromkeys(("id", "response", "category", "source"), half)
    texts = ", ".join(f'"{name}": "{text}"' for name, text in {**fields, "prompt": whole}.items())
    path.write_text(f"{{{texts}}}\n", encoding="utf-8")
    (row,) = read_file(path)
    assert row.prompt == "\N{GRINNING FACE}"
    assert {row.id, row.response, row.category, row.source} == {"a ? b"}
    path.write_text(r'{"prompt": "\ud83d"}', encoding="utf-8")
    assert read_file(path)[0].prompt == "?"


def test_a_field_of_a_csv_file_is_as_long_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f'prompt,label\n"{"word " * 40_000}",1\nshort,0\n', encoding="utf-8")
    assert [len(row.prompt) for row in read_file(path)] == [200_000, 5]


def test_the_lines_of_a_csv_file_may_end_as_on_any_machine(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        path = tmp_path / "data.csv"
        path.write_bytes(end.join(["prompt,label", "hello,1", "bye,0"]).encode())
        assert [row.prompt for row in read_file(path)] == ["hello", "bye"]


def test_files_that_are_not_what_their_name_says(tmp_path: Path) -> None:
    for name in ("data.jsonl.gz", "data.parquet", "data.json"):
        (tmp_path / name).write_bytes(b"something else")
        with pytest.raises(DataError, match=name):
            read_file(tmp_path / name)
    with pytest.raises(DataError, match="check the path"):
        read_file(tmp_path / "absent.jsonl")
