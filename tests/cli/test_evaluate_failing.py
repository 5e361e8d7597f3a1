"""`harmaug evaluate` where one of several guards fails: nothing that was done is lost."""

import json
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from tests.cli.test_results import harmaug
from tests.servers.stub import Body, Stub, running

from harmaug.evaluate import run

ROWS = [
    {"prompt": text, "label": at % 2} for at, text in enumerate(("one", "two", "three", "four"))
]


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    path = tmp_path / "d.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    return path


def command(benchmark: Path, *models: str) -> list[str]:
    named = [part for model in models for part in ("--model", model)]
    result = str(benchmark.with_name("r.json"))
    settings = ["--no-cost", "--resamples", "5", "--json", result]
    return ["evaluate", *named, "--benchmark", str(benchmark), *settings]


def test_a_later_guard_that_is_not_there_is_told_before_anything_is_scored(
    tiny_classifier: Path,
    benchmark: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def score(*_: object) -> NoReturn:
        raise AssertionError("scored")

    monkeypatch.setattr(run, "predict", score)
    arguments = command(benchmark, str(tiny_classifier), "someone/nowhere")
    code, _, err = harmaug(monkeypatch, capsys, *arguments)
    assert code == 2 and "someone/nowhere" in err and err.count("\n") == 1


def test_what_was_done_before_a_guard_that_fails_is_shown_and_written(
    tiny_classifier: Path,
    benchmark: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = benchmark.with_name("broken")
    shutil.copytree(tiny_classifier, broken, ignore=shutil.ignore_patterns("*.safetensors"))
    arguments = command(benchmark, str(tiny_classifier), str(broken))
    code, out, err = harmaug(monkeypatch, capsys, *arguments)
    assert code == 2 and err.splitlines()[-1].startswith("error: ") and "broken" in err
    assert "AUPRC" in out and str(broken) not in out
    written = json.loads(benchmark.with_name("r.json").read_text(encoding="utf-8"))
    assert [one["key"] for one in written["guards"]] == [str(tiny_classifier)]
    assert len(written["judgements"]) == 1


def test_answers_of_a_server_that_failed_are_not_paid_for_again(
    benchmark: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def moderated(body: Body) -> dict[str, object]:
        return {"results": [{"category_scores": {"hate": len(t) / 30}} for t in body["input"]]}

    settings = benchmark.with_name("t.yaml")
    kept = benchmark.with_name(".r.json.journal")
    down = [True]
    stub = Stub(document=moderated, fault=lambda _, time: "401" if down[0] and time > 2 else None)
    with running(stub):
        settings.write_text(
            f"model: omni-moderation-latest\nbase_url: {stub.url}\n"
            "batch_size: 1\nconcurrency: 1\nretries: 0\n"
        )
        code, _, err = harmaug(monkeypatch, capsys, *command(benchmark, str(settings)))
        assert code == 2, err
        answered = len(stub.bodies)
        assert kept.is_dir()
        down[0] = False
        code, out, _ = harmaug(monkeypatch, capsys, *command(benchmark, str(settings)))
    assert code == 0 and not kept.exists()
    texts = [body["input"] for body in stub.bodies]
    assert answered < len(ROWS) + 1 and texts.count(["one"]) == texts.count(["two"]) == 1
    assert "4 answered" in out
