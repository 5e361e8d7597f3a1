"""Guards that leave examples out are compared on what both answered."""

import csv
import dataclasses
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harmaug.evaluate.metrics import Estimate
from harmaug.runs.schema import from_table
from harmaug.study.report import write_study
from harmaug.study.results import ScoreRow, Study, scores_path, write_scores
from harmaug.study.summary import Summary
from harmaug.study.tables import overview

PLACE = "quickstart-test"


def stored(folder: Path, name: str) -> list[ScoreRow]:
    return from_table(pq.read_table(scores_path(folder, name)), ScoreRow)


def without(rows: list[ScoreRow], ids: set[str], seed: int | None) -> list[ScoreRow]:
    return [
        dataclasses.replace(row, score=None, log_odds=None)
        if row.id in ids and row.seed == seed
        else row
        for row in rows
    ]


@pytest.fixture
def gappy(finished: tuple[Study, Path, list[str]], tmp_path: Path) -> tuple[Study, Path]:
    """The study with two guards of the same scores, of which one leaves the hard rows out.

    One seed of an arm leaves other rows out.
    """
    study, folder, _ = finished
    shutil.copytree(folder / "scores", tmp_path / "scores")
    alone = [
        dataclasses.replace(row, seed=None) for row in stored(folder, "plain") if row.seed == 1
    ]
    hard = sorted(alone, key=lambda row: abs((row.score or 0.0) - row.label), reverse=True)
    write_scores(tmp_path, "full", alone)
    write_scores(tmp_path, "part", without(alone, {row.id for row in hard[:20]}, None))
    some = {row.id for row in alone[::10]}
    write_scores(tmp_path, "eda", without(stored(folder, "eda"), some, 2))
    changes = {"guards": ("full", "part"), "compare": (("part", "full"), ("eda", "part"))}
    config = study.config.model_copy(update=changes | {"claim": None, "figure": None})
    return dataclasses.replace(study, config=config, guards=()), tmp_path


def test_a_guard_that_leaves_the_hard_rows_out_is_not_ahead(gappy: tuple[Study, Path]) -> None:
    summary = Summary.of(*gappy)
    part, full = (summary.figure(name, PLACE, "auprc").estimate.value for name in ("part", "full"))
    assert part > full + 0.05
    for metric in ("auprc", "f1"):
        found = summary.versus("part", "full", PLACE, metric)
        assert found.estimate == Estimate(0.0, 0.0, 0.0) and found.p == 1.0
        assert summary.versus("part", "full", None, metric).estimate == found.estimate


@pytest.mark.parametrize("other", ["part", "full"])
def test_every_seed_is_compared_on_what_every_seed_answered(
    gappy: tuple[Study, Path], other: str
) -> None:
    study, folder = gappy
    summary = Summary.of(study, folder)
    found = summary.versus("eda", other, PLACE, "auprc")
    rows = {name: stored(folder, name) for name in ("eda", other)}
    left = {row.id for each in rows.values() for row in each if row.score is None}
    kept = {row.id for row in rows["eda"]} - left
    assert summary.shared("eda", other, PLACE) == kept
    for name, each in rows.items():
        write_scores(folder, name, [row for row in each if row.id in kept])
    again = Summary.of(study, folder).versus("eda", other, PLACE, "auprc")
    assert found.seeds == pytest.approx(again.seeds) and len(found.seeds) == 2


def test_what_is_missing_is_in_the_tables(gappy: tuple[Study, Path]) -> None:
    study, folder = gappy
    summary, _ = write_study(study, folder)
    main = csv.DictReader((folder / "tables" / "main.csv").read_text("utf-8").splitlines())
    assert {row["arm"]: row["missing"] for row in main} == {
        "plain": "0", "eda": "6", "given": "0", "harmaug": "0", "fewer": "0",
        "full": "0", "part": "20",
    }  # fmt: skip
    gaps = csv.DictReader((folder / "tables" / "differences.csv").read_text("utf-8").splitlines())
    shared = len(summary.shared("eda", "part", PLACE))
    assert [row["examples"] for row in gaps] == ["40", str(shared)]
    assert "part gave no answer to 20 examples" in overview(summary)
    assert "full gave no answer" not in overview(summary)
