import dataclasses
import json
import math
from pathlib import Path

import pytest

from harmaug.errors import RunFolderError
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.results import Results
from harmaug.rows import ScoredPair
from harmaug.runs.parts import PartFolder, rows_of


def test_what_is_not_defined_is_null_in_json_and_back(
    tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    nowhere = Estimate(math.nan, math.nan, math.nan)
    generation = dataclasses.replace(tiny_run[0].generation, success=nowhere)
    results = dataclasses.replace(tiny_run[0], generation=generation)
    text = results.to_json()
    assert json.loads(text)["generation"]["success"]["value"] is None
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    assert math.isnan(Results.load(tmp_path).generation.success.low)


def test_a_number_comes_with_what_it_needs(tiny_run: tuple[Results, Path]) -> None:
    results = tiny_run[0]
    benchmark = results.evaluation.benchmarks[0]
    assert (benchmark.name, benchmark.n, benchmark.split) == ("quickstart-test", 60, "eval")
    assert len(benchmark.revision) == 16 and "1 = harmful" in benchmark.label_mapping
    for guard in results.evaluation.guards:
        assert guard.info.revision and guard.info.runtime and guard.info.score_kind
    environment = results.evaluation.environment
    assert environment.package and environment.cores > 0 and environment.libraries["torch"]
    assert results.generation.template and results.generation.llm_fingerprint
    assert "seed: 42" in results.config


def test_the_counts_of_a_run_add_up(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    generation = results.generation
    assert generation.drawn == generation.kept == 40
    assert generation.tokens_out > 0 and generation.seconds > 0
    assert [kind.kind for kind in generation.kinds] == ["refusal", "harmful", "empty"]
    assert all(kind.n == generation.kept for kind in generation.kinds)
    assert sum(generation.histogram) == generation.kept
    assert len(generation.samples) == 40 and all(sample.score for sample in generation.samples)
    plain, harmaug = results.training
    assert harmaug.training_rows > plain.training_rows and len(plain.history) == 4
    assert results.data.n == 120 and 0 < results.data.positives < 120
    tables = [PartFolder(path, ScoredPair) for path in (folder / "stages").glob("label-*")]
    scored = [row for table in tables for row in rows_of(table) if row.kind == "labelled"]
    agreeing = sum(((row.score or 0.0) > 0.5) == (row.label == 1) for row in scored)
    assert results.data.agreement == pytest.approx(agreeing / 120) and len(scored) == 120


@pytest.mark.parametrize(("text", "says"), [(None, "holds no"), ("{}", "not of this version")])
def test_a_folder_without_usable_results_is_told(
    tmp_path: Path, text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    with pytest.raises(RunFolderError, match=says) as caught:
        Results.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_lost_predictions_are_told(tiny_run: tuple[Results, Path], tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="run the same command again"):
        tiny_run[0].at(0.5, tmp_path)
