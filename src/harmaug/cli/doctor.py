"""`harmaug doctor`: what this machine has, and what is missing for which feature."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import typer
from packaging.requirements import Requirement

import harmaug


def doctor() -> None:
    """Show versions, extras, embedded models and data folders; nothing is changed.

    Example: `harmaug doctor`
    """
    typer.echo(f"harmaug {harmaug.__version__}, Python {platform.python_version()}")
    typer.echo(f"{platform.platform()}, {os.cpu_count()} cores")
    extras = _extras()
    width = max(map(len, extras))
    shown: set[str] = set()
    for extra, packages in extras.items():
        found = {name: _version(name) for name in packages}
        missing = [name for name, version in found.items() if version is None]
        state = "missing " + ", ".join(missing) if missing else "ok"
        hint = f" (pip install 'harmaug[{extra}]')" if missing and extra != "guard" else ""
        own = {name: version for name, version in found.items() if version and name not in shown}
        shown.update(own)
        versions = ", ".join(f"{name} {version}" for name, version in own.items())
        typer.echo(f"{extra:<{width}} {state}{hint}  {versions}")
    for name, folder in _models().items():
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        state = f"{size / 1e6:.1f} MB at {folder}" if size else f"not at {folder}"
        typer.echo(f"model {name:<8} {state}")
    typer.echo(f"HARMAUG_DATA {os.environ.get('HARMAUG_DATA', 'not set')}")
    _check_gpu()


def _extras() -> dict[str, list[str]]:
    """Return the packages of each extra, those that it includes of others among them.

    The runtime's own are `guard`; `all` stands for others and is left out.
    """
    requirements = [Requirement(text) for text in importlib.metadata.requires("harmaug") or ()]
    names = importlib.metadata.metadata("harmaug").get_all("Provides-Extra") or []
    runtime = _needed(requirements, "")
    extras = {
        name: [each for each in _needed(requirements, name) if each not in runtime]
        for name in names
        if name != "all"
    }
    by_size = sorted(extras, key=lambda name: (len(extras[name]), name))
    return {"guard": runtime, **{name: extras[name] for name in by_size}}


def _needed(requirements: Sequence[Requirement], extra: str) -> list[str]:
    """Return what is needed here with an extra, or none; one may include another (`harmaug[x]`)."""
    found: list[str] = []
    for each in requirements:
        if each.marker is None or each.marker.evaluate({"extra": extra}):
            inner = [name for one in each.extras for name in _needed(requirements, one)]
            found += inner if each.name == "harmaug" else [each.name]
    return list(dict.fromkeys(found))


def _models() -> dict[str, Path]:
    from harmaug.embedded import GUARD, models_folder

    return {
        "guard": GUARD,
        "chat": models_folder() / "chat",
        "encoder": models_folder() / "encoder",
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_gpu() -> None:
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    typer.echo(f"GPU {name}")
