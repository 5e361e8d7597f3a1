"""Generate: one instruction from the generator for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harmaug.augment.attack import attack_request, openings
from harmaug.augment.clean import clean
from harmaug.augment.minors import sexualises_minors
from harmaug.config import GenerateConfig
from harmaug.llm.base import LLM, Completion, load_llm
from harmaug.rows import Instruction, InstructionTask


@dataclass(frozen=True)
class GenerateStage:
    """The prefix attack with one configuration; `journal` keeps what a server was paid for."""

    config: GenerateConfig
    journal: Path | None = None

    def setup(self) -> GenerateWorker:
        """Load the generator."""
        return GenerateWorker(self.config, load_llm(self.config.llm, self.journal))


@dataclass(frozen=True)
class GenerateWorker:
    """A generator that is loaded."""

    config: GenerateConfig
    llm: LLM

    def process(self, rows: Sequence[InstructionTask]) -> list[Instruction]:
        """Draw one instruction for each task."""
        requests = [attack_request(row, self.config) for row in rows]
        completions = self.llm.complete(requests, self.config.sampling)
        return [self._row(*both) for both in zip(rows, completions, strict=True)]

    def _row(self, task: InstructionTask, completion: Completion) -> Instruction:
        """Clean one completion; text that sexualises minors leaves no trace but its count."""
        raw = completion.text or ""
        unspeakable = sexualises_minors(raw)
        return Instruction(
            id=task.id,
            index=task.index,
            prompt="" if unspeakable else clean(raw, openings(self.config)),
            raw="" if unspeakable else raw,
            exemplar_ids=task.exemplar_ids,
            drop="minors" if unspeakable else None,
            error=completion.error,
            tokens_in=completion.tokens_in,
            tokens_out=completion.tokens_out,
        )
