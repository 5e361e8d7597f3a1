import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from harmaug.config import RunConfig
from harmaug.errors import ConfigError, DataError
from harmaug.evaluate import run
from harmaug.evaluate.evaluation import Evaluation
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.predictions import predict
from harmaug.evaluate.results import Results
from harmaug.evaluate.run import evaluate_guards, to_json
from harmaug.pipeline.data import benchmark_data
from harmaug.progress import Quiet
from harmaug.rows import LabelledRow, Prediction
from harmaug.scoring import Scorer

BENCHMARK = "quickstart-test"


def evaluate(models: list[str], benchmarks: list[str], threshold: float = 0.5) -> Evaluation:
    return evaluate_guards(
        models,
        benchmarks,
        threshold=threshold,
        resamples=50,
        seed=0,
        cost=False,
        progress=Quiet(),
    )


def test_guards_of_every_kind_side_by_side(
    tiny_run: tuple[Results, Path], tiny_classifier: Path
) -> None:
    student, classifier = str(tiny_run[1] / "student"), str(tiny_classifier)
    evaluation = evaluate([classifier, student], [BENCHMARK], threshold=0.3)
    assert evaluation.scores.metrics(student, BENCHMARK).threshold == 0.3
    assert evaluation.scores.comparison(student, classifier, "f1") is not None
    assert [guard.info.runtime for guard in evaluation.guards] == [
        "transformers float32",
        "onnxruntime int8",
    ]
    content = json.loads(to_json(evaluation))
    assert content["benchmarks"][0]["n"] == 348
    assert {found["guard"] for found in content["scores"]["measurements"]} == {student, classifier}


def test_the_runs_own_figures_come_out_again(
    tiny_run: tuple[Results, Path], tiny_config: RunConfig, tmp_path: Path
) -> None:
    results, folder = tiny_run
    rows = benchmark_data(tiny_config.evaluate)[BENCHMARK]
    path = tmp_path / "same.jsonl"
    lines = [
        json.dumps({"id": r.id, "prompt": r.prompt, "response": r.response, "label": r.label})
        for r in rows
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    student = str(folder / "student")
    found = evaluate([student], [str(path)]).scores.metrics(student, str(path))
    own = results.evaluation.scores.metrics("harmaug", BENCHMARK)
    assert found.auprc.value == pytest.approx(own.auprc.value)
    assert found.f1.value == pytest.approx(own.f1.value)


def test_what_cannot_be_evaluated_is_told(tmp_path: Path, tiny_classifier: Path) -> None:
    with pytest.raises(ConfigError, match="given twice"):
        evaluate([str(tiny_classifier)] * 2, [BENCHMARK])
    path = tmp_path / "unlabelled.jsonl"
    path.write_text('{"prompt": "hello"}\n')
    with pytest.raises(DataError, match="no labelled row"):
        evaluate([str(tiny_classifier)], [str(path)])


def test_guards_are_paired_where_ids_repeat(
    tmp_path: Path, tiny_classifier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "repeated.jsonl"
    lines = [
        json.dumps({"id": f"r{at % 4}", "prompt": f"text number {at}", "label": at % 2})
        for at in range(40)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    whole = tmp_path / "whole.yaml"
    gappy = tmp_path / "gappy.yaml"
    for teacher in (whole, gappy):
        teacher.write_text(f"model: {tiny_classifier}\n", encoding="utf-8")

    def without_some(scorer: Scorer, rows: Sequence[LabelledRow]) -> list[Prediction]:
        found = predict(scorer, rows)
        calls.append(len(found))
        if len(calls) == 1:
            return found
        return [
            dataclasses.replace(one, score=None) if at in {4, 8, 9} else one
            for at, one in enumerate(found)
        ]

    calls: list[int] = []
    monkeypatch.setattr(run, "predict", without_some)
    evaluation = evaluate([str(whole), str(gappy)], [str(path)])
    assert evaluation.scores.metrics(str(gappy), str(path)).missing == 3
    for metric in ("f1", "auprc"):
        found = evaluation.scores.comparison(str(gappy), str(whole), metric, str(path))
        assert found is not None
        assert found.estimate == Estimate(0.0, 0.0, 0.0)
