"""The ablation of the prefix within a run: the same tasks, no answer begun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from harmaug.augment.attack import INJECTION, REQUEST, TEMPLATE
from harmaug.augment.exemplars import ExemplarSampler, harmful_prompts
from harmaug.config import Attack
from harmaug.evaluate.results import AttackFacts
from harmaug.pipeline.asking import ask, attack_facts
from harmaug.pipeline.context import Context, llm_identity
from harmaug.rows import Instruction, LabelledRow
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.parts import chunked, mapped


def ablate(context: Context, labelled: Sequence[LabelledRow]) -> tuple[AttackFacts, ...]:
    """Ask for the first `generate.ablation` instructions by each of the other attacks (Table 4).

    What they yield is counted and trains nothing.
    """
    config = context.config.generate
    others = [attack for attack in get_args(Attack) if attack != config.attack]
    return tuple(_asked(context, labelled, attack) for attack in others if config.ablation)


def _asked(context: Context, labelled: Sequence[LabelledRow], attack: Attack) -> AttackFacts:
    config = context.config.generate.model_copy(update={"attack": attack})
    context = context.changed(generate=config)
    pool = harmful_prompts(labelled)
    sampler = ExemplarSampler(pool, config.exemplars, config.same_category, context.config.seed)
    tasks = mapped(sampler.task, chunked(range(config.ablation), context.part_rows(config.llm)))
    out = context.folder.table("ablate", _name(context, pool), Instruction)
    return attack_facts(attack, ask(context, f"attack: {attack}", tasks, out))


def _name(context: Context, pool: Sequence[LabelledRow]) -> str:
    config = context.config.generate
    return fingerprint(
        [config.attack, config.prefix, config.request, config.ablation],
        [config.exemplars, config.same_category],
        config.sampling.model_dump(mode="json"),
        llm_identity(config.llm),
        [TEMPLATE, REQUEST, INJECTION],
        rows_fingerprint(pool),
        context.config.seed,
        context.part_rows(config.llm),
    )
