"""The small files beside a model's weights, in a folder or on the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from transformers.utils.hub import cached_file


def read_text(model: str, revision: str | None, name: str) -> str | None:
    """Return a file of a model, None where it has none or the hub cannot be reached."""
    path: str | None
    if Path(model).is_dir():
        path = str(Path(model) / name)
    else:
        try:
            path = cached_file(
                model,
                name,
                revision=revision or "main",
                _raise_exceptions_for_gated_repo=False,
                _raise_exceptions_for_missing_entries=False,
                _raise_exceptions_for_connection_errors=False,
            )
        except (OSError, ValueError):
            return None
    if path is None or not Path(path).is_file():
        return None
    return Path(path).read_text(encoding="utf-8", errors="replace")


def read_json(model: str, revision: str | None, name: str) -> Mapping[str, object] | None:
    """Return a file's JSON object, None where there is none that can be read."""
    text = read_text(model, revision, name)
    try:
        found = None if text is None else json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def adapter_base(model: str, revision: str | None) -> str | None:
    """Return the model that an adapter belongs on, None for what is no adapter."""
    settings = read_json(model, revision, "adapter_config.json")
    base = None if settings is None else settings.get("base_model_name_or_path")
    return base if isinstance(base, str) else None
