"""Which exemplars each sample sees, drawn from D's harmful prompts by seed and index alone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harmaug.errors import DataError
from harmaug.rows import InstructionTask, LabelledRow


def harmful_prompts(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return D's harmful instructions: label 1, judged on the prompt.

    Raises:
        DataError: when there is none to learn from.
    """
    chosen = [row for row in rows if row.label == 1 and row.label_of != "response"]
    if not chosen:
        raise DataError(
            "no row of the labelled data is a harmful prompt (label 1, judged on the prompt): "
            "the prefix attack needs some as exemplars; add such a data set to data.train"
        )
    return chosen


def row_seed(seed: int, *place: object) -> int:
    """Derive the seed of one row from the run's seed and the row's place, 64 bits."""
    text = ":".join(str(part) for part in (seed, *place))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class ExemplarSampler:
    """Draws `exemplars` of D's harmful prompts for each sample (Section 3.2).

    With `same_category` all of one sample come from one category, each category equally often:
    small generators write to the topic only when the examples agree on one.
    """

    pool: Sequence[LabelledRow]
    exemplars: int
    same_category: bool
    seed: int

    def task(self, index: int) -> InstructionTask:
        """Return the task with this index; the same one whenever it is asked for."""
        rng = np.random.default_rng(row_seed(self.seed, "exemplars", index))
        pool = self._category(rng) if self.same_category else self.pool
        count = min(self.exemplars, len(pool))
        chosen = [pool[int(at)] for at in rng.choice(len(pool), size=count, replace=False)]
        return InstructionTask(
            id=f"gen:{index}",
            index=index,
            seed=row_seed(self.seed, "generate", index),
            exemplar_ids=tuple(row.id for row in chosen),
            exemplars=tuple(row.prompt for row in chosen),
        )

    def _category(self, rng: np.random.Generator) -> Sequence[LabelledRow]:
        groups: defaultdict[str, list[LabelledRow]] = defaultdict(list)
        for row in self.pool:
            groups[row.category or ""].append(row)
        names = sorted(name for name, rows in groups.items() if len(rows) >= self.exemplars)
        if not names:
            return self.pool
        return groups[names[int(rng.integers(len(names)))]]
