"""`harmaug doctor`: what this machine has, and what is missing for which feature."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path

import typer

import harmaug

EXTRAS = {
    "guard": ("numpy", "onnxruntime", "tokenizers"),
    "train": (
        "torch",
        "transformers",
        "pyarrow",
        "pydantic",
        "pyyaml",
        "scikit-learn",
        "datasketch",
        "jinja2",
        "onnx",
    ),
    "serve": ("fastapi", "httptools", "uvicorn"),
    "ray": ("ray",),
    "vllm": ("vllm",),
}


def doctor() -> None:
    """Show versions, extras, embedded models and data folders; nothing is changed.

    Example: `harmaug doctor`
    """
    typer.echo(f"harmaug {harmaug.__version__}, Python {platform.python_version()}")
    typer.echo(f"{platform.platform()}, {os.cpu_count()} cores")
    for extra, packages in EXTRAS.items():
        found = {name: _version(name) for name in packages}
        missing = [name for name, version in found.items() if version is None]
        state = "missing " + ", ".join(missing) if missing else "ok"
        hint = f" (pip install 'harmaug[{extra}]')" if missing and extra != "guard" else ""
        versions = ", ".join(f"{name} {version}" for name, version in found.items() if version)
        typer.echo(f"{extra:<6} {state}{hint}  {versions}")
    for name, folder in _models().items():
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        state = f"{size / 1e6:.1f} MB at {folder}" if size else f"not at {folder}"
        typer.echo(f"model {name:<8} {state}")
    typer.echo(f"HARMAUG_DATA {os.environ.get('HARMAUG_DATA', 'not set')}")
    _check_gpu()


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
