"""A stage that asks LLMs: which requests its rows make, and its rows from the completions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.llm.base import LLM, Completion, Request, load_llm
from harmaug.llm.together import Batch, complete_together

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class Role:
    """What answers one kind of request."""

    llm: LLMConfig
    sampling: SamplingConfig


class AskingStage(ABC, Generic[In, Out]):
    """Everything of such a stage but the LLMs, so that it is plain data and pure functions.

    `journal` keeps what a server was paid for.
    """

    journal: Path | None

    @abstractmethod
    def roles(self) -> Mapping[str, Role]:
        """Return the roles that requests may be for, by name."""

    @abstractmethod
    def requests(self, rows: Sequence[In]) -> Mapping[str, Sequence[Request]]:
        """Return what to ask each role for these rows; an id belongs to one request."""

    @abstractmethod
    def finished(self, rows: Sequence[In], completions: Mapping[str, Completion]) -> list[Out]:
        """Return one row for each row, in order; `completions` are by the requests' ids."""

    def setup(self) -> AskingWorker[In, Out]:
        """Load the LLMs; roles of one LLM share it."""
        loaded = {llm: load_llm(llm, self.journal) for llm in self.llms()}
        return AskingWorker(self, {name: loaded[role.llm] for name, role in self.roles().items()})

    def llms(self) -> list[LLMConfig]:
        """Return the LLMs that are asked, each once."""
        return list(dict.fromkeys(role.llm for role in self.roles().values()))


@dataclass(frozen=True)
class AskingWorker(Generic[In, Out]):
    """A stage with its LLMs loaded, by role."""

    stage: AskingStage[In, Out]
    llms: Mapping[str, LLM]

    def process(self, rows: Sequence[In]) -> list[Out]:
        """Ask for every row, several servers at once."""
        requests, roles = self.stage.requests(rows), self.stage.roles()
        written = complete_together(
            {
                name: Batch(self.llms[name], asked, roles[name].sampling)
                for name, asked in requests.items()
            }
        )
        completions = {
            request.id: completion
            for name, completed in written.items()
            for request, completion in zip(requests[name], completed, strict=True)
        }
        return self.stage.finished(rows, completions)
