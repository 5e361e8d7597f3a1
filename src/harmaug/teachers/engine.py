"""Which engine reads a causal guard's texts."""

from __future__ import annotations

from pathlib import Path

from harmaug.config import TeacherConfig
from harmaug.teachers.causal import load_reader
from harmaug.teachers.reading import Reader


def open_reader(config: TeacherConfig, journal: Path | None) -> Reader:
    """Return the reader of a configuration; a model in the process needs no journal.

    Raises:
        ModelError: when the model cannot be loaded.
    """
    return load_reader(config)
