"""A study under torchrun: one process does it, two train."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harmaug.config import to_yaml
from harmaug.config.study import StudyConfig
from harmaug.study.results import Study

pytestmark = pytest.mark.slow

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def test_two_processes_train_the_sharded_student_of_a_study(
    config: StudyConfig, tmp_path: Path
) -> None:
    changes = {"seeds": (1,), "claim": None, "figure": None, "guards": ()}
    small = config.model_copy(
        update=changes
        | {
            "arms": {"plain": config.arms["plain"]},
            "set": config.set | {"distill.sharding": "full"},
        }
    )
    source = tmp_path / "small.yaml"
    source.write_text(to_yaml(small), encoding="utf-8")
    harmaug = Path(sys.executable).parent / "harmaug"
    out = tmp_path / "study"
    command = [*TORCHRUN, "--no-python", str(harmaug), "study", str(source), "--out", str(out)]
    ended = subprocess.run(
        command,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
        timeout=300,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("report: ") == 1
    assert [one.training.steps for one in Study.load(out).outcomes] == [3]
