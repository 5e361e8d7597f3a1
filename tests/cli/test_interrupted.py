"""What stops a run from outside: Ctrl-C, a full disk, a second run, no hub. One line, resumable."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harmaug.config import RunConfig, to_yaml
from harmaug.evaluate.results import Results
from harmaug.pipeline import run
from harmaug.runs.folder import RunFolder

# A shell that starts the tests in the background has its children ignore interrupts.
_MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from harmaug.cli import main
main()
"""
HARMAUG = [sys.executable, "-c", _MAIN]


def start(config: Path, out: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*HARMAUG, "run", str(config), "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )


def wait_for_a_part(out: Path, process: subprocess.Popen[str]) -> None:
    while not list(out.rglob("part-*.parquet")) and process.poll() is None:
        time.sleep(0.02)


def error_line(err: str) -> str:
    """Return the one line that says what went wrong; warnings of libraries may stand before it."""
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert err.splitlines()[-1] == line
    return line


@pytest.fixture
def tiny_yaml(tiny_config: RunConfig, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(to_yaml(tiny_config), encoding="utf-8")
    return path


@pytest.mark.slow
def test_an_interrupt_ends_with_130_and_the_same_command_goes_on(
    tiny_config: RunConfig, tiny_yaml: Path, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with start(tiny_yaml, out) as process:
        wait_for_a_part(out, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.strip().endswith("run the same command again to go on where it stopped")
    assert "Traceback" not in err
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("part-*.parquet")}
    assert kept
    resumed = run(tiny_config, out)
    assert resumed.evaluation.scores == tiny_run[0].evaluation.scores
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())


def test_a_second_run_on_the_same_folder_is_one_line(tiny_yaml: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with RunFolder(out), start(tiny_yaml, out) as second:
        _, err = second.communicate(timeout=60)
    assert second.returncode == 2, err
    assert str(out) in error_line(err)


def test_a_full_disk_is_one_line(tiny_yaml: Path, disk: Callable[[str], Path]) -> None:
    with start(tiny_yaml, disk("64k") / "run") as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 2, err
    line = error_line(err)
    assert "disk is full" in line and "run the same command again" in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("distill.student=someone/encoder", "distill.student: no model 'someone/encoder'"),
        ("data.train=[wildguardmix]", "HARMAUG_DATA/train"),
    ],
)
def test_a_hub_that_cannot_be_reached_is_one_line(
    setting: str, named: str, tiny_yaml: Path, tmp_path: Path
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HARMAUG_DATA"}
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [*HARMAUG, "run", str(tiny_yaml), "--set", setting, "--out", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        env={**environment, **nowhere},
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert named in error_line(done.stderr)
