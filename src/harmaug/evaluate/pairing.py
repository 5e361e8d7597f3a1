"""Examples by their ids: told apart in a benchmark, and those that several guards answered."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from harmaug.evaluate.predictions import Predictions
from harmaug.rows import LabelledRow


def named_apart(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Give rows of one id a number each: two files may count alike, an id may name a prompt."""
    taken = {row.id for row in rows}
    seen: Counter[str] = Counter()
    apart = []
    for row in rows:
        seen[row.id] += 1
        if seen[row.id] == 1:
            apart.append(row)
            continue
        while (name := f"{row.id}#{seen[row.id]}") in taken:
            seen[row.id] += 1
        taken.add(name)
        apart.append(dataclasses.replace(row, id=name))
    return apart


def answered_by_all(guards: Iterable[Predictions]) -> set[str]:
    """Return the ids that every guard answered."""
    first, *others = (set(guard.ids) for guard in guards)
    return first.intersection(*others)


def only(predictions: Predictions, ids: AbstractSet[str]) -> Predictions:
    """Keep some examples, ordered by id so that resamples draw the same ones for every guard."""
    places = [at for at, name in enumerate(predictions.ids) if name in ids]
    places.sort(key=lambda at: predictions.ids[at])
    return Predictions(
        labels=predictions.labels[places],
        scores=predictions.scores[places],
        ids=tuple(predictions.ids[at] for at in places),
        missing=predictions.missing,
    )
