"""A whole run under torchrun: one process does it, two train."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harmaug.config import RunConfig
from harmaug.config.load import to_yaml
from harmaug.evaluate.results import Results

pytestmark = pytest.mark.slow

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def test_the_command_of_the_docs_makes_the_rows_of_one_process(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(to_yaml(tiny_config), encoding="utf-8")
    harmaug = Path(sys.executable).parent / "harmaug"
    command = [*TORCHRUN, "--no-python", str(harmaug), "run", str(config), "--out", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for _ in range(2):  # the second time everything is there, and every process ends
        ended = subprocess.run(
            command, env=environment, check=False, timeout=400, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.count("report: ") == 1
    found, alone = Results.load(tmp_path), tiny_run[0]
    assert found.generation.kept == alone.generation.kept
    assert [guard.key for guard in found.evaluation.guards] == [
        guard.key for guard in alone.evaluation.guards
    ]
    assert [(one.guard, one.steps) for one in found.training] == [
        (one.guard, one.steps) for one in alone.training
    ]
