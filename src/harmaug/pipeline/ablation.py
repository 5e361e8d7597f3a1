"""The ablation of the prefix within a run: the same tasks, no answer begun."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

from harmaug.augment.attack import INJECTION, REQUEST, TEMPLATE
from harmaug.augment.exemplars import ExemplarSampler, harmful_prompts
from harmaug.augment.refusals import is_refusal
from harmaug.config import Attack, GenerateConfig
from harmaug.evaluate.metrics import wilson
from harmaug.evaluate.results import AttackFacts
from harmaug.pipeline.context import Context, llm_identity
from harmaug.rows import Instruction, InstructionTask, LabelledRow
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.parts import ComputedParts, rows_of
from harmaug.stages.generate import GenerateStage


def ablate(context: Context, labelled: Sequence[LabelledRow]) -> tuple[AttackFacts, ...]:
    """Ask for the first `generate.ablation` instructions by each of the other attacks (Table 4).

    What they yield is counted and trains nothing.
    """
    config = context.config.generate
    others = [attack for attack in get_args(Attack) if attack != config.attack]
    return tuple(_asked(context, labelled, attack) for attack in others if config.ablation)


def _asked(context: Context, labelled: Sequence[LabelledRow], attack: Attack) -> AttackFacts:
    config = context.config.generate.model_copy(update={"attack": attack})
    pool = harmful_prompts(labelled)
    sampler = ExemplarSampler(pool, config.exemplars, config.same_category, context.config.seed)
    size = context.part_rows

    def tasks(part: int) -> list[InstructionTask]:
        return [
            sampler.task(at) for at in range(part * size, min((part + 1) * size, config.ablation))
        ]

    out = context.folder.table("ablate", _name(context, config, pool), Instruction)
    plan = ComputedParts(math.ceil(config.ablation / size), tasks)
    stage = GenerateStage(config, context.journal)
    context.executor.run(f"attack: {attack}", stage, plan, out, context.progress)
    answers = [row.raw for row in rows_of(out) if row.error is None and row.drop != "minors"]
    refused = sum(is_refusal(answer, verdicts=False) for answer in answers)
    return AttackFacts(attack, len(answers), refused, wilson(len(answers) - refused, len(answers)))


def _name(context: Context, config: GenerateConfig, pool: Sequence[LabelledRow]) -> str:
    return fingerprint(
        [config.attack, config.prefix, config.request, config.ablation],
        [config.exemplars, config.same_category],
        config.sampling.model_dump(mode="json"),
        llm_identity(config.llm),
        [TEMPLATE, REQUEST, INJECTION],
        rows_fingerprint(pool),
        context.config.seed,
        context.part_rows,
    )
