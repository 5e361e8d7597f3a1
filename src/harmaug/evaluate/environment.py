"""Where and with what a result was made."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import harmaug
from harmaug.guard.engine import available_threads

LIBRARIES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers")


@dataclass(frozen=True)
class Environment:
    """Package version, Python, libraries and hardware; `gpus` is empty on a CPU machine."""

    package: str
    python: str
    system: str
    cpu: str
    cores: int
    memory_gib: float | None
    gpus: tuple[str, ...]
    libraries: dict[str, str]


def environment() -> Environment:
    """Describe this process's environment."""
    return Environment(
        package=harmaug.__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        cpu=_cpu(),
        cores=available_threads(),
        memory_gib=_memory_gib(),
        gpus=_gpus(),
        libraries={name: found for name in LIBRARIES if (found := _version(name))},
    )


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    return round(pages * size / 2**30, 1)


def _gpus() -> tuple[str, ...]:
    if not _version("torch"):
        return ()
    import torch

    return tuple(torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count()))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
