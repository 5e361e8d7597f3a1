"""How threads wait for each other, as GNU's OpenMP reads it."""

import os
import subprocess
import sys

import pytest

from harmaug.threads import SPINS, wait_briefly

TOLD = "OMP_DISPLAY_ENV"
"""With it the library prints its settings as it is loaded."""


def settings(**given: str) -> str:
    """What a process says that calls `wait_briefly` and then loads torch."""
    waits = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}
    environment = {name: value for name, value in os.environ.items() if name not in waits}
    done = subprocess.run(
        [sys.executable, "-c", "from harmaug.threads import *; wait_briefly(); import torch"],
        env={**environment, TOLD: "verbose", **given},
        capture_output=True,
        text=True,
        check=True,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("torch has another OpenMP here than GNU's")
    return done.stderr


def test_threads_wait_briefly_unless_they_were_told_how() -> None:
    assert f"GOMP_SPINCOUNT = '{SPINS}'" in settings()
    assert "GOMP_SPINCOUNT = '77'" in settings(GOMP_SPINCOUNT="77")
    assert "GOMP_SPINCOUNT = '0'" in settings(OMP_WAIT_POLICY="passive")


def test_nothing_is_set_beside_a_policy() -> None:
    environment = {"OMP_WAIT_POLICY": "active"}
    wait_briefly(environment)
    assert environment == {"OMP_WAIT_POLICY": "active"}
