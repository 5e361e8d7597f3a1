"""Balanced augmentation: a harmless near twin of each generated instruction, against over-refusal.

A guard that saw the words of harm only in harmful prompts flags the words. The generator writes
each twin on request, its answer begun as in the prefix attack; the teacher says what it is.
"""

from __future__ import annotations

from harmaug.augment.exemplars import row_seed
from harmaug.augment.overlap import jaccard, trigrams
from harmaug.config import GenerateConfig, TwinsConfig
from harmaug.rows import Instruction, InstructionTask, ScoredPair

SUFFIX = ":twin"
FIRST = 1_000_000_000
"""Indices of twins start here, so that they never meet those of the attack."""
COPY = 0.95
"""The overlap with its original from which a twin is a copy: a near twin shares most words."""


def twin_request(config: GenerateConfig, twins: TwinsConfig) -> GenerateConfig:
    """Return the generator's settings for twins: another request, the rest as it is."""
    return config.model_copy(update={"request": twins.request, "attack": "prefill"})


def twin_task(row: Instruction, seed: int) -> InstructionTask:
    """Return the task that asks for the twin of an instruction."""
    index = FIRST + row.index
    return InstructionTask(
        id=f"{row.id}{SUFFIX}",
        index=index,
        seed=row_seed(seed, "generate", index),
        exemplar_ids=(row.id,),
        exemplars=(row.prompt,),
    )


def is_copy(twin: str, original: str) -> bool:
    """Say whether a twin is its original, but for marks or a word of very many."""
    return twin == original or jaccard(trigrams(twin), trigrams(original)) >= COPY


def is_twin(row: ScoredPair) -> bool:
    """Say whether a row belongs to a near twin (`gen:7:twin:empty`)."""
    return row.instruction.endswith(SUFFIX)
