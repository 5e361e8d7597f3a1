"""Generate: one instruction from the generator for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harmaug.augment.attack import attack_request, openings
from harmaug.augment.clean import clean
from harmaug.augment.minors import sexualises_minors
from harmaug.config import GenerateConfig
from harmaug.llm.base import Completion, Request
from harmaug.rows import Instruction, InstructionTask
from harmaug.stages.asking import AskingStage, Role

GENERATOR = "generator"


@dataclass(frozen=True)
class GenerateStage(AskingStage[InstructionTask, Instruction]):
    """The prefix attack with one configuration."""

    config: GenerateConfig
    journal: Path | None = None

    def roles(self) -> dict[str, Role]:
        """Return the generator."""
        return {GENERATOR: Role(self.config.llm, self.config.sampling)}

    def requests(self, rows: Sequence[InstructionTask]) -> dict[str, list[Request]]:
        """Attack once for each task."""
        return {GENERATOR: [attack_request(row, self.config) for row in rows]}

    def finished(
        self, rows: Sequence[InstructionTask], completions: Mapping[str, Completion]
    ) -> list[Instruction]:
        """Clean what was written for each task."""
        return [self._row(row, completions[row.id]) for row in rows]

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
