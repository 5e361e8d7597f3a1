"""Which teacher a configuration means, and loading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.registry import Registry
from harmaug.scoring import Scorer
from harmaug.sources.files import SUFFIXES
from harmaug.teachers.catalogue import family_in_name


class Family(Protocol):
    """Makes a teacher of a configuration; `journal` is where paid answers are kept, if anywhere."""

    def __call__(self, config: TeacherConfig, journal: Path | None) -> Scorer:
        """Load the teacher or reach its server."""
        ...


FAMILIES: Registry[Family] = Registry(
    "teacher family",
    {
        "guard": "harmaug.teachers.guard:load",
        "recorded": "harmaug.teachers.recorded:load",
        "sequence": "harmaug.teachers.sequence:load",
        "llama-guard": "harmaug.teachers.llama_guard:load",
        "shieldgemma": "harmaug.teachers.shieldgemma:load",
        "wildguard": "harmaug.teachers.wildguard:load",
        "qwen3guard": "harmaug.teachers.qwen3guard:load",
        "qwen3guard-loose": "harmaug.teachers.qwen3guard:load_loose",
        "granite-guardian": "harmaug.teachers.granite_guardian:load",
        "duoguard": "harmaug.teachers.duoguard:load",
    },
)


def load_teacher(config: TeacherConfig, journal: Path | None = None) -> Scorer:
    """Load the teacher that a configuration names."""
    family = family_of(config) if config.family == "auto" else config.family
    return FAMILIES.load(family)(config, journal)


def family_of(config: TeacherConfig) -> str:
    """Pick the family by the model's own configuration.

    Raises:
        ModelError: when the folder says nothing that is known.
    """
    model = config.model
    folder = Path(model)
    if model == "embedded" or (folder / "onnx").is_dir():
        return "guard"
    if model.endswith(SUFFIXES):
        return "recorded"
    named = family_in_name(model)
    if named is not None:
        return named
    if not folder.is_dir():
        return "sequence"
    architecture = _architecture(folder)
    if architecture.endswith("ForSequenceClassification"):
        return "sequence"
    if architecture.startswith("Llama") and architecture.endswith("ForCausalLM"):
        return "llama-guard"
    raise ModelError(
        f"{model}: no teacher family for '{architecture}'; "
        f"set label.teacher.family to one of {', '.join(FAMILIES)}"
    )


def _architecture(folder: Path) -> str:
    path = folder / "config.json"
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["architectures"]
        return str(names[0])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        raise ModelError(f"{folder} is no model folder: it has no readable config.json") from None
