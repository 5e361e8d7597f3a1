"""The verbs that end in numbers: run, report, evaluate."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from harmaug.cli.app import main
from harmaug.config import RunConfig, to_yaml
from harmaug.evaluate.results import Results


def harmaug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["harmaug", *arguments])
    with pytest.raises(SystemExit) as leaving:
        main()
    captured = capsys.readouterr()
    code = leaving.value.code
    return (code if isinstance(code, int) else 0), captured.out, captured.err


@pytest.fixture
def copied(tiny_run: tuple[Results, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_run[1], tmp_path / "run", dirs_exist_ok=True))


def test_a_run_ends_with_its_table_and_the_path_of_its_report(
    tiny_config: RunConfig,
    copied: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(to_yaml(tiny_config), encoding="utf-8")
    code, out, err = harmaug(monkeypatch, capsys, "run", str(config), "--out", str(copied))
    assert (code, err) == (0, "")
    lines = [line.split("  ")[1] for line in out.splitlines() if line.startswith("  ")]
    assert lines[1:] == ["plain distillation", "HarmAug", "teacher", "HarmAug - plain"]
    assert out.splitlines()[-1] == f"report: {copied / 'report.html'}"


def test_report_is_built_again_or_printed(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "report.html").unlink()
    code, out, _ = harmaug(monkeypatch, capsys, "report", str(copied))
    assert code == 0 and Path(out.strip()).is_file()
    code, out, _ = harmaug(
        monkeypatch, capsys, "report", str(copied), "--markdown", "--threshold", "0.9"
    )
    assert code == 0 and "threshold 0.9" in out


def test_report_of_no_run_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = harmaug(monkeypatch, capsys, "report", str(tmp_path))
    assert code == 2 and err.count("\n") == 1 and "results.json" in err


def test_evaluate_prints_every_metric_and_writes_json(
    tiny_run: tuple[Results, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    student, out_file = str(tiny_run[1] / "student"), tmp_path / "result.json"
    code, out, _ = harmaug(
        monkeypatch,
        capsys,
        *("evaluate", "--model", student, "--benchmark", "quickstart-test"),
        *("--resamples", "20", "--threshold", "0.4", "--json", str(out_file)),
    )
    assert code == 0
    for name in ("precision", "recall", "F1", "AUPRC", "ROC AUC", "false-positive rate"):
        assert f"  {name} " in out
    assert "examples/s" in out
    content = json.loads(out_file.read_text(encoding="utf-8"))
    metrics = content["scores"]["measurements"][0]["metrics"]
    assert metrics["threshold"] == 0.4 and metrics["n"] == 348
    assert content["costs"][0]["speed"]["latency_ms"] > 0
    assert content["environment"]["package"]


def test_evaluate_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = harmaug(
        monkeypatch, capsys, "evaluate", "--model", "embedded", "--benchmark", "quikstart-test"
    )
    assert code == 2 and "did you mean 'quickstart-test'?" in err
