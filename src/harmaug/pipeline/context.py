"""What every step of a run has at hand."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from harmaug.config import (
    ExecutorConfig,
    GenerateConfig,
    LLMConfig,
    RespondConfig,
    RunConfig,
    TeacherConfig,
)
from harmaug.embedded import GUARD, embedded_model
from harmaug.progress import Progress
from harmaug.registry import Registry
from harmaug.runs.fingerprint import fingerprint, model_fingerprint
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import PartFolder, Parts
from harmaug.stages.base import Stage
from harmaug.teachers.load import asks_server

ROWS_HERE = 512
ROWS_SERVED = 4096

In = TypeVar("In")
Out = TypeVar("Out")


class Executor(Protocol):
    """Fills a part folder with what a stage makes of its tasks."""

    def run(
        self,
        what: str,
        stage: Stage[In, Out],
        tasks: Parts[In],
        out: PartFolder[Out],
        progress: Progress,
    ) -> None:
        """Compute the parts that are missing."""
        ...


@dataclass(frozen=True)
class Context:
    """A run in progress."""

    config: RunConfig
    folder: RunFolder
    executor: Executor
    progress: Progress

    @property
    def journal(self) -> Path:
        """Where the answers of servers are kept."""
        return self.folder.root / "journal.sqlite"

    def changed(self, **parts: GenerateConfig | RespondConfig) -> Context:
        """Return the same run with parts of its configuration replaced, such as `generate`."""
        return dataclasses.replace(self, config=self.config.model_copy(update=parts))

    def part_rows(self, *models: LLMConfig | TeacherConfig) -> int:
        """Return the rows of a part of a stage that asks these models.

        No other's count: another teacher does not cut the instructions anew.
        """
        return rows_of_part(self.config, served=any(map(_served, models)))


def rows_of_part(config: RunConfig, *, served: bool = False) -> int:
    """Return how many rows a part has of a stage whose models are a server's, or are not.

    Every part ends with slots of the server running empty, one part in so many waves of requests;
    and what a server answered is in the journal already, so that large parts lose nothing.
    """
    if config.part_rows is not None:
        return config.part_rows
    return ROWS_SERVED if served else ROWS_HERE


def _served(model: LLMConfig | TeacherConfig) -> bool:
    return model.backend == "openai" if isinstance(model, LLMConfig) else asks_server(model)


class MakeExecutor(Protocol):
    """Makes an executor of its configuration."""

    def __call__(self, config: ExecutorConfig) -> Executor:
        """Make it; nothing is started yet."""
        ...


EXECUTORS: Registry[MakeExecutor] = Registry(
    "executor",
    {
        "local": "harmaug.executors.local:LocalExecutor",
        "ray": "harmaug.executors.ray:RayExecutor",
    },
)


def llm_identity(config: LLMConfig) -> dict[str, object]:
    """Return what names an LLM in a fingerprint: its settings and its weights."""
    embedded = config.backend == "embedded"
    source = str(embedded_model("chat")) if embedded else config.model or ""
    weights = model_fingerprint(source, config.revision)
    return {**config.identity(), "model": config.model, "weights": weights}


def weights_of(teacher: TeacherConfig) -> str:
    """Return what names a teacher's weights, its members' or its served model's tokenizer."""
    if teacher.members:
        return fingerprint([weights_of(member) for member in teacher.members])
    model = teacher.tokenizer or teacher.model
    return model_fingerprint(str(GUARD) if model == "embedded" else model, teacher.revision)
