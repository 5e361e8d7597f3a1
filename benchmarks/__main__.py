"""Every benchmark, one after the other: ``python -m benchmarks`` (what ``make bench`` runs).

Each runs in a process of its own and can be run alone: ``python -m benchmarks.distill --help``.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "models",
    "guard",
    "peer",
    "obfuscation",
    "scope",
    "long",
    "browser",
    "distill",
    "threads",
    "precision",
    "decode",
    "serve",
    "servers",
    "scale",
)


def main() -> None:
    """Run all; exit with 1 when one failed, after the others have run."""
    failed = []
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
        if done.returncode != 0:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
