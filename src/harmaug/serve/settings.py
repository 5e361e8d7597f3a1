"""What a server is told: its guard and its limits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from harmaug.errors import ConfigError

KEYS_VARIABLE = "HARMAUG_API_KEYS"


@dataclass(frozen=True)
class ServeSettings:
    """A guard behind HTTP, and how much is asked of it at most.

    `queue` is how many items may be waiting or in work at once; what comes on top is refused with
    503. `deadline_s` is the time a request has from its first byte to the end of its headers, and
    again from there to its answer. `max_items`
    and `max_characters` (prompts and responses together) bound one request, `max_body_bytes` its
    body. `threads` is the cores of one worker, all of its share when None. `access_log` logs a
    line for each request, without its text; `log_text` logs the text and the verdict as well.
    """

    model: str = "embedded"
    workers: int = 1
    threads: int | None = None
    queue: int = 512
    deadline_s: float = 30.0
    max_items: int = 128
    max_characters: int = 1_000_000
    max_body_bytes: int = 8 * 2**20
    access_log: bool = False
    log_text: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers that no server can work with.

        Raises:
            ConfigError: naming the setting.
        """
        counts = ("workers", "queue", "max_items", "max_characters", "max_body_bytes")
        values = dataclasses.asdict(self)
        for name in counts:
            if values[name] < 1:
                raise ConfigError(f"{name} must be at least 1, not {values[name]}")
        if self.threads is not None and self.threads < 1:
            raise ConfigError(f"threads must be at least 1, not {self.threads}")
        if not 0 < self.deadline_s < float("inf"):
            raise ConfigError(f"the deadline must be more than 0 seconds, not {self.deadline_s}")
        if self.max_items > self.queue:
            raise ConfigError(
                f"a request of {self.max_items} items would never fit a queue of {self.queue}: "
                "raise the queue or lower the items"
            )

    def to_json(self) -> str:
        """Write the settings on one line, for the workers."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ServeSettings:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


def parse_keys(text: str) -> tuple[str, ...]:
    """Read comma-separated API keys; blanks around them and empty ones do not count."""
    return tuple(key for key in (part.strip() for part in text.split(",")) if key)


def keys_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Read the API keys of an environment; none where it does not have the variable.

    Raises:
        ConfigError: where it has the variable without a key in it: the server would be open.
    """
    text = environment.get(KEYS_VARIABLE)
    keys = parse_keys(text or "")
    if text is not None and not keys:
        raise ConfigError(
            f"{KEYS_VARIABLE} is set and holds no key: give at least one, or unset it to serve "
            "without keys"
        )
    return keys
