"""What a small run of the same models wrote: how long their texts are, and how many are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harmaug.errors import DataError
from harmaug.evaluate.results import Results


@dataclass(frozen=True)
class Pilot:
    """Texts of a run that stand for those of another one.

    `answers` are the responses by kind, `kept` is the share of the drawn that the filters left and
    `twins` that of the near twins that stayed, all where there were none.
    """

    instructions: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]
    kept: float
    twins: float

    @classmethod
    def of(cls, run: Path) -> Pilot:
        """Read a finished run.

        Raises:
            DataError: when it generated nothing.
            RunFolderError: when it is no finished run.
        """
        found = Results.load(run).generation
        samples = [sample for sample in found.samples if sample.drop is None]
        if not samples:
            raise DataError(f"{run} kept no instruction: a plan learns nothing from it")
        # What the filters leave of the attack's own, without near twins.
        of_twins = sum(n for reason, n in found.drops.items() if reason.startswith("twin: "))
        dropped = sum(found.drops.values()) - of_twins
        answers: dict[str, list[str]] = {}
        for sample in samples:
            for kind, response, _ in sample.responses:
                answers.setdefault(kind, []).append(response)
        return cls(
            tuple(sample.prompt for sample in samples),
            {kind: tuple(texts) for kind, texts in answers.items()},
            1 - dropped / (found.drawn - found.twins) if found.filters == "drop" else 1.0,
            1 - of_twins / found.twins if found.twins else 1.0,
        )
