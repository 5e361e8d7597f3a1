"""The ledger of evaluations: a line for each look at the benchmarks, so that looks are counted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from harmaug.errors import RunFolderError
from harmaug.evaluate.predictions import Predictions
from harmaug.evaluate.seeds import METRICS, Resampled
from harmaug.rows import Prediction


@dataclass(frozen=True)
class Ledger:
    """Where a study's looks are written down, and what each line says of the study."""

    path: Path
    study: str
    command: str
    threshold: float

    def check(self) -> None:
        """Open it for writing, before anything is spent.

        Raises:
            RunFolderError: when it cannot be written.
        """
        self._append("")

    def add(
        self, who: Mapping[str, str | int], answers: Mapping[str, Sequence[Prediction]]
    ) -> None:
        """Add what an arm with a seed, or a guard, reached on every benchmark, as one JSON line.

        To be called before what was evaluated is kept as done: a line that comes twice, where a
        study was killed between, is better than a look that nobody counted.

        Raises:
            RunFolderError: when it cannot be written.
        """
        entry = {
            "study": self.study,
            **who,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": self.command,
            "threshold": self.threshold,
            "benchmarks": {name: self._figures(rows) for name, rows in answers.items()},
        }
        self._append(json.dumps(entry) + "\n")

    def _figures(self, rows: Sequence[Prediction]) -> dict[str, float | None]:
        """Return each metric; JSON has no NaN: what is not defined is null."""
        found = Predictions.of(rows)
        values = Resampled.of(found.ids, 0, 0).metrics(found, self.threshold)[0]
        figures = {
            name: None if np.isnan(value) else round(float(value), 4)
            for name, value in zip(METRICS, values, strict=True)
        }
        return {"n": len(found.ids), **figures}

    def _append(self, line: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise RunFolderError(
                f"the ledger {self.path} cannot be written ({error.strerror}): "
                "name another file with --ledger"
            ) from None
