"""HarmAug: distil a big safety guard into a small one, and run it where it is needed.

Importing this module imports nothing heavy: each name is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harmaug.config import RunConfig, load_config
    from harmaug.evaluate.results import Results
    from harmaug.guard import Guard, GuardSettings, Verdict
    from harmaug.pipeline import run

__version__ = "0.1.0"

_PLACES = {
    "Guard": "harmaug.guard",
    "GuardSettings": "harmaug.guard",
    "Results": "harmaug.evaluate.results",
    "RunConfig": "harmaug.config",
    "Verdict": "harmaug.guard",
    "load_config": "harmaug.config",
    "run": "harmaug.pipeline",
}

__all__ = [
    "Guard",
    "GuardSettings",
    "Results",
    "RunConfig",
    "Verdict",
    "__version__",
    "load_config",
    "run",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'harmaug' has no attribute '{name}'")
    return vars(importlib.import_module(_PLACES[name]))[name]


def __dir__() -> list[str]:
    return sorted(__all__)
