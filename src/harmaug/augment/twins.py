"""Balanced augmentation: a harmless near twin of each generated instruction, against over-refusal.

A guard that saw the words of harm only in harmful prompts flags the words. The generator writes
each twin on request, its answer begun as in the prefix attack; the teacher says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from harmaug.augment.exemplars import row_seed
from harmaug.config import GenerateConfig, TwinsConfig
from harmaug.rows import Instruction, InstructionTask, ScoredPair

SUFFIX = ":twin"
FIRST = 1_000_000_000
"""Indices of twins start here, so that they never meet those of the attack."""


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


def harmless_twins(rows: Sequence[ScoredPair], tau: float) -> list[ScoredPair]:
    """Leave out the twins whose prompt the teacher scores above tau, and all their rows.

    A twin without a row that has no response is judged by the rows it has.
    """
    harmful = {
        row.id.rpartition(":")[0]
        for row in rows
        if row.score is not None and row.score > tau and row.kind in {"empty", "refusal"}
    }
    return [row for row in rows if not _is_twin(row) or row.id.rpartition(":")[0] not in harmful]


def _is_twin(row: ScoredPair) -> bool:
    return row.id.rpartition(":")[0].endswith(SUFFIX)
