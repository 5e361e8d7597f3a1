"""How long a thread of a model on the CPU spins for the others before it sleeps."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

SPINS = "10000"
"""Half a millisecond where a pause takes 140 cycles, as on x86 processors since Skylake."""


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let the threads of torch sleep soon when they wait; to be called before torch is imported.

    They share each step's hundreds of pieces of work, and whoever is done first spins for the rest:
    with GNU's OpenMP 300,000 times, which may be tens of milliseconds. Where another process shares
    the cores that is time taken from the thread waited for (`benchmarks.threads`). Who has set how
    threads wait keeps that.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPINS)
