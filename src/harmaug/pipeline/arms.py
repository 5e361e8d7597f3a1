"""What stands beside D in each arm of a study: the generated set, a baseline's, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harmaug.augment.eda import augment
from harmaug.augment.exemplars import harmful_prompts, row_seed
from harmaug.augment.keep import Keeper
from harmaug.augment.synonyms import load_synonyms
from harmaug.config import RespondConfig
from harmaug.config.study import ArmConfig, EDAConfig, PromptsConfig
from harmaug.errors import ConfigError, DataError
from harmaug.evaluate.results import AttackFacts, SyntheticFacts
from harmaug.pipeline.asking import attack_facts
from harmaug.pipeline.context import Context
from harmaug.pipeline.data import as_pairs
from harmaug.pipeline.generation import Generation, kept
from harmaug.pipeline.instructions import make_instructions
from harmaug.pipeline.labelling import label_pairs, label_synthetic, respond
from harmaug.pipeline.timing import stage_seconds
from harmaug.rows import Instruction, LabelledRow, ScoredPair
from harmaug.runs.fingerprint import fingerprint, rows_fingerprint
from harmaug.runs.parts import chunked, rows_of
from harmaug.sources.load import load_rows

NO_RESPONSES = RespondConfig(refusal=None, harmful=None, empty=True)


@dataclass(frozen=True)
class Synthetic:
    """Scored rows to train on beside D's."""

    rows: list[ScoredPair]
    facts: SyntheticFacts


def synthesise(
    context: Context,
    arm: ArmConfig,
    data: Sequence[LabelledRow],
    held_out: Sequence[LabelledRow],
) -> Synthetic | None:
    """Make, or find again, what an arm puts beside D; None for plain distillation.

    Raises:
        ConfigError: when an arm lacks what its method needs.
        DataError: when a file of prompts gives too few.
    """
    if arm.method == "plain":
        return None
    if arm.method == "eda":
        return _eda(context, arm.eda, data)
    if arm.method == "prompts":
        if arm.prompts is None:
            raise ConfigError("an arm with method: prompts needs prompts.file")
        return _prompts(context, arm.prompts, data, held_out)
    generation = make_instructions(context, data, held_out)
    attack = attack_facts(context.config.generate.attack, rows_of(generation.judged))
    return _answered(context, generation, f"attack: {attack.attack}", attack)


def _answered(
    context: Context, generation: Generation, source: str, attack: AttackFacts | None
) -> Synthetic:
    """Have instructions answered and scored; given ones come of no attack."""
    pairs = respond(context, generation)
    scored = label_synthetic(context, pairs)
    rows = list(rows_of(scored))
    drawn = generation.asked_for()
    written = list(rows_of(pairs.parts))
    facts = SyntheticFacts(
        source=source,
        drawn=generation.drawn,
        asked=0 if attack is None else attack.asked,
        refused=0 if attack is None else attack.refused,
        kept=len(generation.kept),
        drops=dict(Counter(generation.drops).most_common()),
        rows=dict(Counter(str(row.kind) for row in rows)),
        flagged=_flagged(rows, context.config.label.tau),
        tokens_in=sum(row.tokens_in for row in drawn) + sum(row.tokens_in for row in written),
        tokens_out=sum(row.tokens_out for row in drawn) + sum(row.tokens_out for row in written),
        seconds=generation.seconds(context) + stage_seconds(pairs.parts.path, scored.path),
    )
    return Synthetic(rows, facts)


def _eda(context: Context, config: EDAConfig, data: Sequence[LabelledRow]) -> Synthetic:
    """Vary D's prompts, and have the teacher score the variants."""
    synonyms = load_synonyms(config)
    seed = context.config.seed
    pairs = [new for pair in as_pairs(data) for new in augment(pair, config, synonyms, seed)]
    scored = label_pairs(context, "label EDA", pairs)
    rows = list(rows_of(scored))
    facts = SyntheticFacts(
        source=f"EDA, synonyms: {synonyms.name}",
        drawn=len(rows),
        asked=0,
        refused=0,
        kept=len(rows),
        drops={},
        rows={"eda": len(rows)},
        flagged={"eda": sum(_flagged(rows, context.config.label.tau).values())},
        tokens_in=0,
        tokens_out=0,
        seconds=stage_seconds(scored.path),
    )
    return Synthetic(rows, facts)


def _prompts(
    context: Context,
    config: PromptsConfig,
    data: Sequence[LabelledRow],
    held_out: Sequence[LabelledRow],
) -> Synthetic:
    generation = _given(context, config.file, data, held_out)
    if not config.respond:
        context = context.changed(respond=NO_RESPONSES)
    return _answered(context, generation, f"prompts of {config.file}", None)


def _given(
    context: Context,
    file: str,
    data: Sequence[LabelledRow],
    held_out: Sequence[LabelledRow],
) -> Generation:
    """Take as many prompts of a file as would be generated, in an order drawn by the seed.

    They pass the filters that generated ones pass.
    """
    config = context.config.generate
    prompts = list(dict.fromkeys(row.prompt for row in load_rows(file, "train")))
    rng = np.random.default_rng(row_seed(context.config.seed, "prompts"))
    rows = [
        Instruction(f"given:{at}", at, prompts[int(place)], "", (), None, None, 0, 0)
        for at, place in enumerate(rng.permutation(len(prompts)))
    ]
    pool = [row.prompt for row in harmful_prompts(data)]
    judged: list[Instruction] = []
    passed: list[Instruction] = []
    for row in Keeper(config, pool, [row.prompt for row in held_out]).judge(rows):
        judged.append(row)
        passed += kept([row], config)
        if len(passed) == config.samples:
            break
    if len(passed) < config.samples:
        raise DataError(
            f"{file} gives {len(passed)} prompts after the filters, {config.samples} are needed: "
            f"lower generate.samples for the whole study, or name a larger file"
        )
    part_rows = context.part_rows()
    name = fingerprint("given", rows_fingerprint(judged), part_rows)
    table = context.folder.table("judge", name, Instruction)
    table.fill(chunked(judged, part_rows))
    drops = Counter(row.drop for row in judged if row.drop is not None)
    return Generation(name, passed, table, drops, len(judged))


def _flagged(rows: Sequence[ScoredPair], tau: float) -> dict[str, int]:
    return dict(Counter(str(row.kind) for row in rows if row.score is not None and row.score > tau))
