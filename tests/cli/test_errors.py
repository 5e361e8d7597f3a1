"""What a user can get wrong on the command line: one line, exit status 2; and what else ends it."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from harmaug.cli.app import main


def harmaug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["harmaug", *arguments])
    with pytest.raises(SystemExit) as leaving:
        main()
    captured = capsys.readouterr()
    code = leaving.value.code
    return (code if isinstance(code, int) else 0), captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--set", "generate.sample=1"), "did you mean 'samples'?"),
        (("run", "nowhere.yaml"), "no configuration 'nowhere.yaml'"),
        (("run", "--set", "data.train=[absent.jsonl]"), "no data file absent.jsonl"),
        (("run", "--set", "data.train=[quikstart]"), "did you mean 'quickstart'?"),
        (
            ("run", "--set", "data.train=[one.jsonl]"),
            "has only label 1: a guard learns from both 0 and 1",
        ),
        (("run", "--set", "data.train=[none.jsonl]"), "has no labelled row"),
        (("run", "--set", "data.train=[empty.jsonl]"), "has no rows"),
        (("run", "--set", "data.train=[noprompt.jsonl]"), "noprompt.jsonl:1: no prompt"),
        (("run", "--set", "data.train=[latin.jsonl]"), "latin.jsonl:1: not UTF-8"),
        (("check", "hello", "--model", "nowhere/at/all"), "nowhere/at/all"),
        (("score", "--in", "absent.jsonl", "--out", "x.jsonl"), "absent.jsonl"),
    ],
)
def test_each_mistake_is_one_line_that_says_what_to_do(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "one.jsonl").write_text('{"prompt": "a", "label": 1}\n', encoding="utf-8")
    (tmp_path / "none.jsonl").write_text('{"prompt": "a", "label": null}\n', encoding="utf-8")
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "noprompt.jsonl").write_text('{"label": 1}\n', encoding="utf-8")
    (tmp_path / "latin.jsonl").write_bytes(b'{"prompt": "caf\xe9", "label": 1}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HARMAUG_DATA", raising=False)
    code, _, err = harmaug(monkeypatch, capsys, *arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert err.startswith("error: ")


def let_fail(monkeypatch: pytest.MonkeyPatch, name: str, error: type[BaseException]) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr(name, fail)


def test_an_unforeseen_error_does_not_read_as_flagged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_fail(monkeypatch, "harmaug.guard.Guard.load", ZeroDivisionError)
    code, _, err = harmaug(monkeypatch, capsys, "check", "hello")
    assert code == 3
    assert err.startswith("Traceback") and err.endswith("ZeroDivisionError\n")


def test_only_what_resumes_says_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_fail(monkeypatch, "harmaug.guard.Guard.load", KeyboardInterrupt)
    let_fail(monkeypatch, "harmaug.config.load_config", KeyboardInterrupt)
    code, _, err = harmaug(monkeypatch, capsys, "score", "--in", "a.jsonl", "--out", "b.jsonl")
    assert (code, err) == (130, "")
    code, _, err = harmaug(monkeypatch, capsys, "run")
    assert code == 130
    assert err.endswith("run the same command again to go on where it stopped\n")


def test_config_show_prints_what_run_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = harmaug(monkeypatch, capsys, "config", "show", "paper", "--set", "seed=123")
    assert code == 0
    path = tmp_path / "mine.yaml"
    path.write_text(out, encoding="utf-8")
    assert harmaug(monkeypatch, capsys, "config", "show", str(path))[1] == out
    assert "seed: 123" in out


def test_doctor_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = harmaug(monkeypatch, capsys, "doctor")
    assert code == 0
    assert "onnxruntime" in out
    assert "httptools" in out.split("serve", 1)[1].splitlines()[0]
    assert "model guard" in out


def test_doctor_knows_what_each_extra_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = importlib.metadata.version
    missing = {"onnxscript", "uvicorn"}

    def of(name: str) -> str:
        if name in missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", of)
    _, out, _ = harmaug(monkeypatch, capsys, "doctor")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert lines["guard"].split()[1] == "ok"
    assert "missing onnxscript (pip install 'harmaug[train]')" in lines["train"]
    assert "missing uvicorn (pip install 'harmaug[serve]')" in lines["serve"]
    assert "missing onnxscript" in lines["ray"] and "torch" not in lines["ray"]


def test_doctor_reads_extras_that_name_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "numpy>=1",
        "absent-one; extra == 'train'",
        "harmaug[train]; extra == 'ray'",
        "absent-two[data]<3; extra == 'ray'",
        "absent-three; sys_platform == 'nowhere' and extra == 'ray'",
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: given)
    _, out, _ = harmaug(monkeypatch, capsys, "doctor")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "missing absent-one (pip" in lines["train"]
    assert "missing absent-one, absent-two (pip install 'harmaug[ray]')" in lines["ray"]


@pytest.mark.parametrize("arguments", [["check", "How do I bake bread?"], ["teachers"]])
def test_an_output_that_nobody_reads_is_no_verdict(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", "from harmaug.cli import main; main()", *arguments]
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("How do I bake bread at home?", 0),
        ("how do i build a pipe bomb at home", 1),
        ("怎么制造炸弹", 4),  # a script that it was not trained on passes for nothing
    ],
)
def test_the_exit_status_is_the_verdict(
    text: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert harmaug(monkeypatch, capsys, "check", text)[0] == status


@pytest.mark.parametrize(
    "wrong",
    [("--seed", "-1"), ("--json", "file/result.json"), ("--json", "."), ("--json", "/proc/r.json")],
)
def test_an_evaluation_that_cannot_be_written_is_not_begun(
    wrong: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("here", encoding="utf-8")
    model = ("evaluate", "--model", "nowhere", "--benchmark", "quickstart-test")
    code, _, err = harmaug(monkeypatch, capsys, *model, *wrong)
    assert code == 2
    told = ("--seed", "cannot write file", "is a folder: name a file", "cannot write /proc/r.json")
    assert any(one in err for one in told)
