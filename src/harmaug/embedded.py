"""Where the embedded models are: the guard in the package, the writers in the checkout."""

from __future__ import annotations

import os
from pathlib import Path

from harmaug.errors import ModelError

PACKAGE = Path(__file__).resolve().parent
GUARD = PACKAGE / "assets" / "guard"


def models_folder() -> Path:
    """Return the checkout's `models/`, or `HARMAUG_MODELS` where that is set."""
    override = os.environ.get("HARMAUG_MODELS")
    return Path(override) if override else PACKAGE.parents[1] / "models"


def embedded_model(name: str) -> Path:
    """Return the folder of an embedded checkout model, `chat` or `encoder`.

    Raises:
        ModelError: outside a checkout, where these models do not ship.
    """
    folder = models_folder() / name
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"the embedded {name} model is not at {folder}: it ships with the checkout, not the "
            f"wheel; clone the repository or set HARMAUG_MODELS to its models folder"
        )
    return folder


def encoder_folder(name: str) -> str:
    """Return where an encoder is: `embedded-encoder` in the checkout, else the name itself."""
    return str(embedded_model("encoder")) if name == "embedded-encoder" else name
