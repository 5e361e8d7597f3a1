"""What every executor does around its computing: which parts are missing, progress, writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from harmaug.progress import Progress
from harmaug.runs.parts import PartFolder

Out = TypeVar("Out")


def fill(
    what: str,
    parts: int,
    out: PartFolder[Out],
    compute: Callable[[Sequence[int]], Iterable[tuple[int, Sequence[Out]]]],
    progress: Progress,
) -> None:
    """Write what `compute` gives for the parts of `out` that are missing, each as it comes.

    `compute` gets the numbers of those parts and gives each number with its rows, in any order;
    where none is missing it is not called.
    """
    missing = [part for part in range(parts) if part not in out]
    if not missing:
        return
    computed = compute(missing)
    progress.begin(what, parts)
    progress.advance(parts - len(missing))
    for part, rows in computed:
        out.write(part, rows)
        progress.advance(1)
    progress.end()
