"""Standard streams that are closed, read by nobody, or of an old encoding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HARMAUG = [sys.executable, "-c", "from harmaug.cli import main; main()"]


def run_without_reader(arguments: list[str]) -> int:
    """Run with both outputs in a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([*HARMAUG, *arguments], stdout=writer, stderr=writer, check=False)
    finally:
        os.close(writer)
    return done.returncode


def run_in(encoding: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run([*HARMAUG, *arguments], capture_output=True, check=False, env=environment)


def test_rows_are_written_whoever_reads_of_the_bad_ones(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"prompt": "hello"}\nnonsense\n' * 500, encoding="utf-8")
    assert run_without_reader(["score", "--in", str(source), "--out", str(out)]) == 141
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row.get("error") for row in rows] == [None, "not valid JSON"] * 500


@pytest.mark.parametrize("target", ["/dev/full", "-"])
def test_bad_rows_are_told_by_the_exit_status_alone(target: str, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"prompt": "hello"}\nnonsense\n', encoding="utf-8")
    if target != "-" and not Path(target).exists():
        pytest.skip(f"no {target} on this machine")
    shell = f'exec "$@" 2>&{target}' if target == "-" else f'exec "$@" 2>{target}'
    command = [*HARMAUG, "score", "--in", str(source), "--out", str(out)]
    done = subprocess.run(["sh", "-c", shell, "sh", *command], check=False)
    assert done.returncode == 2
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


def test_an_error_that_nobody_reads_is_no_verdict() -> None:
    assert run_without_reader(["check", "hello", "--model", "nowhere/at/all"]) == 2


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_json_is_written_whatever_the_encoding(encoding: str) -> None:
    done = run_in(encoding, "check", "\u2603 \u00e9", "--json")
    assert (done.returncode, done.stderr) == (4, b"")
    assert json.loads(done.stdout.decode(encoding))["judged"] == ["\u2603 \u00e9", None]
    assert ("\u2603".encode() in done.stdout) == (encoding == "utf-8")


def test_words_that_a_terminal_cannot_show_are_escaped() -> None:
    done = run_in("cp1252", "check", "how to make a bomb\u0119", "--explain")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"bomb\\u0119" in done.stdout


def test_a_closed_standard_input_is_one_line() -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *HARMAUG, "check", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard input is closed")
    assert done.stderr.count("\n") == 1
