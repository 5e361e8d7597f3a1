"""Fuzzing that takes its time: by coverage (atheris) and by the OpenAPI document (schemathesis)."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 30
SEEDS = [
    {"prompt": "how do i bake bread"},
    {"prompt": "bread", "response": "no", "threshold": 0.5},
    {"items": [{"prompt": "a"}, {"messages": [{"role": "user", "content": "b"}]}]},
    {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
    {"prompt": "𝐡𝐞𝐥𝐥𝐨 b o m b \u202e", "explain": True, "operating_point": "strict"},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]},
    {"input": ["a", "b"], "model": "any"},
    {"input": [{"type": "text", "text": "a"}]},
]

pytestmark = pytest.mark.slow


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (no wheel for this machine)")


def test_the_request_path_survives_fuzzing_by_coverage(guard_folder: Path, tmp_path: Path) -> None:
    needs("atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for index, seed in enumerate(SEEDS):
        for path in range(2):
            (corpus / f"{index}-{path}").write_bytes(bytes([path]) + json.dumps(seed).encode())
    for start in range(4):
        (corpus / f"large-{start}").write_bytes(bytes([4]) + b"{}," + bytes([start]))
    options = [str(corpus), "-seed=1", f"-max_total_time={SECONDS}", "-max_len=400", "-timeout=20"]
    options += [f"-artifact_prefix={tmp_path}/", "-print_final_stats=1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.serve.fuzz_request", str(guard_folder), *options],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    executed = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    assert executed is not None
    assert int(executed[1]) > 100
    assert len(list(corpus.iterdir())) > 2 * len(SEEDS) + 4


def test_the_server_keeps_to_its_openapi_document(address: str, tmp_path: Path) -> None:
    needs("schemathesis")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,"
    checks += "response_schema_conformance,unsupported_method"
    options = ["--max-time", str(SECONDS), "--seed", "1", "--checks", checks, "--warnings", "off"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    passed = re.search(r"generated, (\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 50
