"""D and the benchmarks of a run: told apart by their ids, drawn by lot, refused without labels."""

import json
from pathlib import Path

import pytest

from harmaug.config import BenchmarkConfig, DataConfig, EvaluateConfig, RunConfig
from harmaug.errors import DataError
from harmaug.pipeline import run
from harmaug.pipeline.data import benchmark_data, labelled_data
from harmaug.plan.standins import benchmark_samples


def of_file(path: Path, max_rows: int | None = None) -> EvaluateConfig:
    return EvaluateConfig(benchmarks=(BenchmarkConfig(name=str(path), max_rows=max_rows),))


def test_rows_of_several_files_get_ids_of_their_own(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.jsonl").write_text(
            '{"prompt": "hello", "label": 0}\n{"prompt": "hurt them", "label": 1}\n'
        )
    names = tuple(str(tmp_path / folder / "train.jsonl") for folder in ("a", "b"))
    rows = labelled_data(DataConfig(train=names), seed=1)
    assert len({row.id for row in rows}) == 4
    benchmarks = benchmark_data(of_file(Path(names[0])))
    assert [row.id for row in benchmarks[names[0]]] == [row.id for row in rows[:2]]


def test_a_part_of_a_sorted_benchmark_is_as_harmful_as_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "sorted.jsonl"
    lines = [json.dumps({"prompt": f"prompt {at}", "label": int(at < 125)}) for at in range(1000)]
    path.write_text("\n".join(lines), encoding="utf-8")
    (whole,) = benchmark_data(of_file(path)).values()
    (part,) = benchmark_data(of_file(path, 300)).values()
    assert len(whole) == 1000 and len(part) == 300
    assert sum(row.label == 1 for row in part) == pytest.approx(0.125 * 300, abs=15)
    kept = {row.id for row in part}
    assert part == [row for row in whole if row.id in kept]
    assert benchmark_data(of_file(path, 300))[str(path)] == part
    (planned,) = benchmark_samples(of_file(path, 300))
    harmful = sum(row.label == 1 for row in planned.looked_at) / len(planned.looked_at)
    assert planned.rows == 300 and harmful == pytest.approx(0.125, abs=0.01)


def test_a_benchmark_without_labels_is_told_first(tiny_config: RunConfig, tmp_path: Path) -> None:
    path = tmp_path / "unlabelled.jsonl"
    path.write_text('{"prompt": "hello"}\n', encoding="utf-8")
    config = tiny_config.model_copy(update={"evaluate": of_file(path)})
    with pytest.raises(DataError, match="no labelled row"):
        run(config, tmp_path / "run")
    with pytest.raises(DataError, match="no labelled row"):
        benchmark_samples(of_file(path))
