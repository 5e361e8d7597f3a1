"""What a user can get wrong. Each message is one line that says what to do next."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable


class HarmaugError(Exception):
    """Base of every error a user can cause or mend. The command line prints it as one line."""


class ConfigError(HarmaugError):
    """A configuration key or value that cannot be used."""


class DataError(HarmaugError):
    """A data file or row that cannot be used."""


class ModelError(HarmaugError):
    """A model that cannot be found, loaded or used for what was asked."""


class ServerError(HarmaugError):
    """A server that cannot be reached, or whose answers cannot be used."""


class RunFolderError(HarmaugError):
    """A run folder that cannot be written, is in use, or belongs to something else."""


class MissingExtraError(HarmaugError):
    """A feature whose optional packages are not installed."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known name, or the list of known names."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}"


def require(extra: str, feature: str, *modules: str) -> None:
    """Check that the modules of an optional extra can be imported.

    Raises:
        MissingExtraError: naming the feature and the one command that installs it.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{feature} needs {', '.join(missing)}: pip install 'harmaug[{extra}]'"
        )
