"""Asking the generator for instructions, and counting what it answered with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harmaug.augment.refusals import is_refusal
from harmaug.evaluate.metrics import wilson
from harmaug.evaluate.results import AttackFacts
from harmaug.pipeline.context import Context
from harmaug.rows import Instruction, InstructionTask
from harmaug.runs.parts import PartFolder, Parts, rows_of
from harmaug.stages.generate import GenerateStage


def ask(
    context: Context, what: str, tasks: Parts[InstructionTask], out: PartFolder[Instruction]
) -> Iterator[Instruction]:
    """Run the stage as `generate` is configured, and return what it wrote."""
    stage = GenerateStage(context.config.generate, context.journal)
    context.executor.run(what, stage, tasks, out, context.progress)
    return rows_of(out)


def attack_facts(attack: str, answered: Iterable[Instruction]) -> AttackFacts:
    """Count the answers without a refusal phrase (Section 4.1, after Zou et al. 2023).

    What failed, and what was dropped unread for whom it is about, was not answered.
    """
    answers = [row.raw for row in answered if row.error is None and row.drop != "minors"]
    refused = sum(is_refusal(answer, verdicts=False) for answer in answers)
    return AttackFacts(attack, len(answers), refused, wilson(len(answers) - refused, len(answers)))
