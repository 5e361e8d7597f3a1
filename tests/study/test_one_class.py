"""A benchmark without a harmful row has no AUPRC, F1 or recall: pages and tables show a dash."""

import dataclasses
from pathlib import Path

import pyarrow.parquet as pq

from harmaug.runs.schema import from_table
from harmaug.study.report import write_study
from harmaug.study.results import ScoreRow, Study, scores_path, write_scores


def test_what_is_not_defined_is_a_dash_wherever_it_is_shown(
    finished: tuple[Study, Path, list[str]], tmp_path: Path
) -> None:
    study, folder, _ = finished
    for name in [*study.config.arms, *study.config.guards]:
        rows = from_table(pq.read_table(scores_path(folder, name)), ScoreRow)
        write_scores(tmp_path, name, [dataclasses.replace(row, label=0) for row in rows])
    write_study(study, tmp_path)
    written = [*tmp_path.glob("tables/*"), *tmp_path.glob("figures/*"), *tmp_path.glob("report.*")]
    assert len(written) > 10
    for path in written:
        assert "nan" not in path.read_text(encoding="utf-8").lower(), path
    gaps = (tmp_path / "tables" / "differences.md").read_text(encoding="utf-8")
    assert "| harmaug - plain | quickstart-test | 60 | - | - | - - |" in gaps
    assert not (tmp_path / "figures" / "curve.svg").exists()
