"""The small files beside a model's weights, in a folder or on the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from transformers.utils.hub import cached_file


@dataclass(frozen=True)
class Files:
    """A model's files; `offline` takes of the hub only what is in its cache."""

    model: str
    revision: str | None = None
    offline: bool = False

    @property
    def local(self) -> bool:
        """Whether the model is a folder here."""
        return Path(self.model).is_dir()

    def text(self, name: str) -> str | None:
        """Return a file, None where there is none or none can be had."""
        path: str | None
        if self.local:
            path = str(Path(self.model) / name)
        else:
            try:
                path = cached_file(
                    self.model,
                    name,
                    revision=self.revision or "main",
                    local_files_only=self.offline,
                    _raise_exceptions_for_missing_entries=False,
                )
            except (OSError, ValueError):  # out of reach, gated, or no hub id at all
                return None
        if path is None or not Path(path).is_file():
            return None
        return Path(path).read_text(encoding="utf-8", errors="replace")

    def json(self, name: str) -> Mapping[str, object] | None:
        """Return a file's JSON object, None where there is none that can be read."""
        text = self.text(name)
        try:
            found = None if text is None else json.loads(text)
        except json.JSONDecodeError:
            return None
        return found if isinstance(found, dict) else None

    def adapter_base(self) -> str | None:
        """Return the model that an adapter belongs on, None for what is no adapter."""
        settings = self.json("adapter_config.json")
        base = None if settings is None else settings.get("base_model_name_or_path")
        return base if isinstance(base, str) else None
