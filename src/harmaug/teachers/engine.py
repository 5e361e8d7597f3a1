"""Which engine reads a causal guard's texts: the model in this process, or a server."""

from __future__ import annotations

from pathlib import Path

from harmaug.config import TeacherConfig
from harmaug.teachers.reading import Reader


def open_reader(config: TeacherConfig, journal: Path | None) -> Reader:
    """Return the reader of a configuration; a model in the process needs no journal.

    Raises:
        ConfigError: when the server is not named.
        ModelError: when the model or its tokenizer cannot be loaded.
    """
    if config.engine == "openai":
        from harmaug.teachers import served

        return served.load_reader(config, journal)
    from harmaug.teachers import causal

    return causal.load_reader(config)
