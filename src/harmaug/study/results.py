"""What came of a study: each arm with each seed, and every score that its figures stand on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from harmaug.config.study import StudyConfig
from harmaug.errors import RunFolderError
from harmaug.evaluate.cost import Cost
from harmaug.evaluate.environment import Environment
from harmaug.evaluate.evaluation import Benchmark, EvaluatedGuard
from harmaug.evaluate.predictions import Predictions
from harmaug.evaluate.results import SyntheticFacts, TrainingFacts
from harmaug.evaluate.variety import Diversity
from harmaug.rows import Prediction
from harmaug.runs.parts import write_whole
from harmaug.runs.schema import to_table

FILE_NAME = "study.json"
SCORES = "scores"


@dataclass(frozen=True)
class Outcome:
    """One arm with one seed.

    `config` is its whole configuration as YAML, `epochs` how often the training saw its rows,
    `predictions` where each benchmark's are among
    the stages, `stage` where its own is, `student` where the trained guard is.
    """

    arm: str
    seed: int
    config: str
    rows: int
    positives: int
    revision: str
    parameters: int | None
    epochs: float
    training: TrainingFacts
    synthetic: SyntheticFacts | None
    predictions: dict[str, str]
    stage: str
    student: str


@dataclass(frozen=True)
class Measured:
    """The variety of what one arm puts beside D, with one seed."""

    arm: str
    seed: int
    diversity: Diversity


@dataclass(frozen=True)
class Study:
    """A finished study; its scores are in `SCORES`, one file an arm or guard."""

    config: StudyConfig
    created: str
    command: str
    threshold: float
    benchmarks: tuple[Benchmark, ...]
    outcomes: tuple[Outcome, ...]
    guards: tuple[EvaluatedGuard, ...]
    diversity: tuple[Measured, ...]
    costs: tuple[Cost, ...]
    environment: Environment
    format: int = 1

    def save(self, folder: Path) -> None:
        """Write `study.json`, whole or not at all."""
        text = _ADAPTER.dump_json(self, indent=1)
        write_whole(folder / FILE_NAME, lambda path: _write(path, text))

    @classmethod
    def load(cls, folder: Path) -> Study:
        """Read a finished study.

        Raises:
            RunFolderError: when there is none, or it is of another version.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            raise RunFolderError(f"{folder} holds no {FILE_NAME}: give the folder of a whole study")
        try:
            return _ADAPTER.validate_json(path.read_bytes())
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise RunFolderError(
                f"{path} is not of this version ({where}): run the same study again"
            ) from None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A guard's score of one example; `seed` None for a guard that was not trained here."""

    benchmark: str
    seed: int | None
    id: str
    label: int
    score: float | None
    log_odds: float | None


_ADAPTER = TypeAdapter(Study)


def score_rows(benchmark: str, seed: int | None, rows: list[Prediction]) -> list[ScoreRow]:
    """Turn a stage's predictions into rows of the study's score files."""
    return [ScoreRow(benchmark, seed, r.id, r.label, r.score, r.log_odds) for r in rows]


def write_scores(folder: Path, name: str, rows: list[ScoreRow]) -> None:
    """Write the scores of one arm or guard."""
    table = to_table(rows, ScoreRow)
    path = scores_path(folder, name)
    write_whole(path, lambda to: pq.write_table(table, to, compression="zstd"))


def read_scores(folder: Path, name: str) -> dict[tuple[str, int | None], Predictions]:
    """Read the scores of one arm or guard, by benchmark and seed.

    Raises:
        RunFolderError: when the file is missing or cannot be read.
    """
    path = scores_path(folder, name)
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        raise RunFolderError(f"{path} cannot be read: run the same study again") from None
    benchmarks, seeds = (table.column(name).to_pylist() for name in ("benchmark", "seed"))
    places: defaultdict[tuple[str, int | None], list[int]] = defaultdict(list)
    for at, key in enumerate(zip(benchmarks, seeds, strict=True)):
        places[key].append(at)
    return {key: _predictions(table.take(rows)) for key, rows in places.items()}


def scores_path(folder: Path, name: str) -> Path:
    """Return the score file of an arm or guard."""
    return folder / SCORES / f"{file_name(name)}.parquet"


def file_name(name: str) -> str:
    """Return a name (a hub id, a path) as a file may be called: other marks become dashes."""
    return "".join(mark if mark.isalnum() or mark in "._-" else "-" for mark in name)


def _predictions(table: pa.Table) -> Predictions:
    answered = table.filter(pc.field("score").is_valid())
    return Predictions(
        labels=answered.column("label").to_numpy(),
        scores=answered.column("score").to_numpy(),
        ids=tuple(answered.column("id").to_pylist()),
        missing=len(table) - len(answered),
    )


def _write(path: Path, text: bytes) -> None:
    path.write_bytes(text)
