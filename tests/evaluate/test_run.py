import json
from pathlib import Path

import pytest

from harmaug.errors import ConfigError, DataError
from harmaug.evaluate.evaluation import Evaluation
from harmaug.evaluate.results import Results
from harmaug.evaluate.run import evaluate_guards, to_json
from harmaug.progress import Quiet

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
    tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    results, folder = tiny_run
    from harmaug.sources.load import load_rows

    rows = load_rows(BENCHMARK, "eval")[:60]
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
