"""What every model that writes text does: complete requests, one completion each, in order."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.registry import Registry
from harmaug.text import Message


@dataclass(frozen=True, slots=True)
class Request:
    """One answer to draw. `prefill` is the start of the answer that the model has to continue.

    `seed` seeds this row's sampling alone, so that the text does not depend on its neighbours.
    """

    id: str
    messages: tuple[Message, ...]
    prefill: str | None
    seed: int


@dataclass(frozen=True, slots=True)
class Completion:
    """The text after the prefill, or None with the reason. Tokens count template and text.

    `of_the_row` tells that the reason lies in what was asked and says nothing of other rows.
    """

    text: str | None
    error: str | None
    tokens_in: int
    tokens_out: int
    of_the_row: bool = False


def too_long(tokens: int, holds: float) -> Completion:
    """Return what becomes of a prompt that a model's window does not hold: it is never cut."""
    reason = f"too long: {tokens} tokens, the model holds {holds:g} with the answer"
    return Completion(None, reason, tokens, 0)


class LLM(Protocol):
    """A loaded model or a reachable server."""

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Complete every request; a row that failed carries its reason and fails alone.

        Raises:
            ServerError: when the server as a whole cannot be used.
            ModelError: when the model cannot do what is asked, such as continue a prefill.
        """
        ...


class Server(ABC):
    """An LLM that is waited for and computes elsewhere, so that several are asked at once."""

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Complete every request, as every LLM does."""
        return asyncio.run(self.ask(requests, sampling))

    @abstractmethod
    async def ask(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Do what `complete` does, and raise what it raises, while others are asked."""


class Backend(Protocol):
    """Makes an LLM of a configuration; `journal` is where paid answers are kept, if anywhere."""

    def __call__(self, config: LLMConfig, journal: Path | None) -> LLM:
        """Load the model or reach the server."""
        ...


BACKENDS: Registry[Backend] = Registry(
    "LLM backend",
    {
        "embedded": "harmaug.llm.local:load",
        "transformers": "harmaug.llm.local:load",
        "vllm": "harmaug.llm.vllm:load",
        "openai": "harmaug.llm.openai:load",
    },
)


def load_llm(config: LLMConfig, journal: Path | None = None) -> LLM:
    """Load the LLM that a configuration names."""
    return BACKENDS.load(config.backend)(config, journal)
