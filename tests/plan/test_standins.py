"""Rows that stand for data weigh as the data does, whether it is here or known by its size."""

import json
from pathlib import Path

import pytest

from harmaug.config import DataConfig
from harmaug.plan.standins import training_sample

LOCAL = 2_000


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HARMAUG_DATA", raising=False)
    path = tmp_path / "mine.jsonl"
    rows = [json.dumps({"prompt": "x" * 10, "label": at % 2}) for at in range(LOCAL)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_set_that_is_not_here_weighs_by_its_rows_beside_one_that_is(local: Path) -> None:
    alone = training_sample(DataConfig(train=["wildguardmix"]))
    both = training_sample(DataConfig(train=[str(local), "wildguardmix"]))
    expected = LOCAL / (alone.rows + LOCAL)
    short = sum(row.prompt == "x" * 10 for row in both.looked_at)
    assert short / len(both.looked_at) == pytest.approx(expected, abs=0.002)
    made = [row for row in both.looked_at if row.prompt != "x" * 10]
    for one, other in ((made, alone.looked_at), (alone.looked_at, alone.looked_at[::16])):
        for read in (lambda row: row.label, lambda row: row.response is not None):
            shares = [sum(map(read, rows)) / len(rows) for rows in (one, other)]
            assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_a_small_set_is_looked_at_row_by_row(local: Path) -> None:
    few = local.with_name("few.jsonl")
    few.write_text("\n".join(local.read_text("utf-8").splitlines()[:5]), encoding="utf-8")
    found = training_sample(DataConfig(train=[str(few)])).looked_at
    assert len({row.id for row in found}) == len(found) == 5
