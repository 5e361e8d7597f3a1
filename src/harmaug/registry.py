"""Lazy registries: a name maps to `module:attribute`, imported only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from harmaug.errors import ConfigError, did_you_mean

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Names of one kind of thing (`what`), each with the place where it is defined.

    Example:
        >>> teachers: Registry[type] = Registry("teacher", {"guard": "harmaug.guard:Guard"})
        >>> sorted(teachers)
        ['guard']
    """

    what: str
    places: Mapping[str, str]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def load(self, name: str) -> T:
        """Import and return what `name` stands for.

        Raises:
            ConfigError: when the name is unknown, with the nearest known one.
        """
        if name not in self.places:
            raise ConfigError(f"no {self.what} '{name}'{did_you_mean(name, self.places)}")
        module, _, attribute = self.places[name].partition(":")
        loaded: T = vars(importlib.import_module(module))[attribute]
        return loaded
