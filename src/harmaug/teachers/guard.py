"""A HarmAug guard as teacher: the embedded one, or any folder that the runtime loads."""

from __future__ import annotations

from pathlib import Path

from harmaug.config import TeacherConfig
from harmaug.guard import Guard
from harmaug.scoring import Scorer


def load(config: TeacherConfig, journal: Path | None) -> Scorer:
    """Load a guard; a model in the process needs no journal."""
    return Guard.load(config.model, revision=config.revision)
