"""Steered generation: exemplars from where the space of instructions is thin.

The paper draws every sample for itself and names the cost: redundant instructions. Here generation
goes in rounds. Before each one, every harmful prompt of D is placed among what D and the earlier
rounds hold; those with the fewest neighbours are the anchors of the round, each shown with D's
prompts nearest to it, so that the generator writes where little was written. An instruction too
near one that is kept is not new, and generation stops when hardly anything new comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harmaug.augment.exemplars import row_seed
from harmaug.config import SteerConfig
from harmaug.embedding import Embeddings
from harmaug.rows import InstructionTask, LabelledRow

AROUND = 10
"""How many of D's prompts nearest to an anchor the other exemplars are drawn from."""

NOT_NEW = "not new"

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shown:
    """The exemplars of one sample, as they are written down before it is drawn."""

    index: int
    exemplar_ids: tuple[str, ...]
    exemplars: tuple[str, ...]

    def task(self, seed: int) -> InstructionTask:
        """Return the task that draws the sample in a run with this seed."""
        return InstructionTask(
            id=f"gen:{self.index}",
            index=self.index,
            seed=row_seed(seed, "generate", self.index),
            exemplar_ids=self.exemplar_ids,
            exemplars=self.exemplars,
        )


@dataclass(frozen=True)
class SteeredSampler:
    """Draws the exemplars of one round.

    `pool` are D's harmful prompts with their embeddings, `anchors` the places in it that the
    round starts from.
    """

    pool: Sequence[LabelledRow]
    embeddings: Embeddings
    anchors: Places
    exemplars: int
    seed: int

    @classmethod
    def of(
        cls,
        pool: Sequence[LabelledRow],
        embeddings: Embeddings,
        kept: Embeddings,
        config: SteerConfig,
        *,
        exemplars: int,
        seed: int,
    ) -> SteeredSampler:
        """Take the thinnest share of the pool as anchors, given what is kept already."""
        thin = thinness(embeddings, kept, config.neighbours)
        count = max(1, round(config.thinnest * len(pool)))
        anchors = np.argsort(-thin, kind="stable")[:count]
        return cls(pool, embeddings, anchors, exemplars, seed)

    def shown(self, index: int) -> Shown:
        """Return the exemplars of the sample with this index: an anchor, and prompts near it."""
        rng = np.random.default_rng(row_seed(self.seed, "steer", index))
        anchor = int(self.anchors[int(rng.integers(len(self.anchors)))])
        near = np.argsort(-(self.embeddings @ self.embeddings[anchor]), kind="stable")
        around = [int(at) for at in near if at != anchor][:AROUND]
        others = rng.permutation(around)[: self.exemplars - 1]
        chosen = [self.pool[int(at)] for at in rng.permutation([anchor, *others])]
        return Shown(index, tuple(row.id for row in chosen), tuple(row.prompt for row in chosen))


def thinness(pool: Embeddings, kept: Embeddings, neighbours: int) -> NDArray[np.float32]:
    """Return each prompt's cosine distance to its k-th neighbour among the pool and the kept."""
    cosines = pool @ np.concatenate([pool, kept]).T
    place = min(neighbours + 1, cosines.shape[1])
    return 1 - np.sort(cosines, axis=1)[:, -place]


def not_new(rows: Embeddings, kept: Embeddings, novelty: float) -> list[bool]:
    """Say of each row, in order, whether one kept before it is nearer than `novelty`.

    A row that is new counts as kept for those after it.
    """
    held = kept
    found = []
    for row in rows:
        near = bool(len(held)) and float((held @ row).max()) > 1 - novelty
        found.append(near)
        if not near:
            held = np.concatenate([held, row[None]])
    return found
