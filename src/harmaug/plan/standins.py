"""Rows that stand for what a run will read and write, before it has read or written anything.

Where the data is here they are its own rows. Where it is not, they are as many characters of plain
text as a small table says the data has. What an LLM will write is taken to be as long as what it
is shown: an instruction like the harmful prompts of D, a response like the responses of D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from harmaug.augment.exemplars import harmful_prompts
from harmaug.config import DataConfig, EvaluateConfig
from harmaug.errors import DataError
from harmaug.rows import LabelledRow
from harmaug.sources.load import Side, is_local, load_rows

ROWS = 1024
"""Rows that are looked at, at most: their mean stands for all."""

WORDS = "the people of this town would like to know how this is made and what it is good for "


class KnownDataset(BaseModel):
    """The size of a data set; `pairs` and `harmful` are shares of its rows."""

    rows: int
    pairs: float
    harmful: float
    prompt_characters: int
    response_characters: int

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Sample:
    """`rows` of a data set, `looked_at` standing for them; `assumed` says what is not its own."""

    name: str
    rows: int
    looked_at: tuple[LabelledRow, ...]
    assumed: str | None

    @property
    def harmful(self) -> list[LabelledRow]:
        """The harmful prompts among the rows looked at: what exemplars are drawn from."""
        return harmful_prompts(self.looked_at)


def training_sample(config: DataConfig) -> Sample:
    """Return the rows that stand for D.

    Raises:
        DataError: for a data set that is neither here nor known by its size, or without labels.
    """
    parts = [_sample(name, "train", config.unlabelled_agreement) for name in config.train]
    total = sum(part.rows for part in parts)
    if not total:
        names = ", ".join(config.train) or "nothing"
        raise DataError(f"data.train ({names}) has no labelled row: add rows with label 0 or 1")
    kept = min(total, config.max_rows or total)
    rows: list[LabelledRow] = []
    for part in parts:
        rows.extend(_spread(part.looked_at, max(1, round(min(ROWS, total) * part.rows / total))))
    assumed = "; ".join(part.assumed for part in parts if part.assumed) or None
    return Sample(", ".join(config.train), kept, tuple(rows), assumed)


def benchmark_samples(config: EvaluateConfig) -> list[Sample]:
    """Return the rows that stand for each benchmark: those of the whole, for `max_rows` of it too.

    Raises:
        DataError: for a benchmark that is neither here nor known by its size, or without labels.
    """
    samples = []
    for benchmark in config.benchmarks:
        found = _sample(benchmark.name, "eval", "drop")
        if not found.rows:
            raise DataError(f"benchmark {benchmark.name} has no labelled row")
        rows = min(found.rows, benchmark.max_rows or found.rows)
        samples.append(Sample(found.name, rows, found.looked_at, found.assumed))
    return samples


def _sample(name: str, side: Side, unlabelled: str) -> Sample:
    if is_local(name, side):
        every = load_rows(name, side)
        rows = [row for row in every if row.label is not None or unlabelled == "harmless"]
        return Sample(name, len(rows), tuple(_spread(rows, min(ROWS, len(rows)))), None)
    known = _table().get(name)
    if known is None:
        raise DataError(
            f"'{name}' is not on this machine and its size is not known: set HARMAUG_DATA to a "
            f"folder with {side}/{name}.jsonl.gz, or plan with a file of its shape"
        )
    assumed = (
        f"{name} is not on this machine: {known.rows:,} rows, {known.prompt_characters} characters "
        f"a prompt" + (f", {known.response_characters} a response" if known.pairs else "")
    )
    return Sample(name, known.rows, tuple(_made_up(name, known)), assumed)


def _made_up(name: str, known: KnownDataset) -> list[LabelledRow]:
    prompt = _text(known.prompt_characters)
    response = _text(known.response_characters)
    rows = []
    for at in range(64):
        paired = (at * 37) % 64 < 64 * known.pairs
        label = int(at < 64 * known.harmful)
        rows.append(
            LabelledRow(
                id=f"{name}:{at}",
                prompt=prompt,
                response=response if paired else None,
                label=label,
                category=None,
                source=name,
                label_of="prompt",
            )
        )
    return rows


def _text(characters: int) -> str:
    return (WORDS * (characters // len(WORDS) + 1))[:characters]


def _spread(rows: Sequence[LabelledRow], count: int) -> list[LabelledRow]:
    """Take `count` rows evenly, each several times where they are fewer: made up, for many."""
    if len(rows) <= count:
        return [rows[at * len(rows) // count] for at in range(count)] if rows else []
    return [rows[int(at)] for at in np.linspace(0, len(rows) - 1, count)]


@cache
def _table() -> dict[str, KnownDataset]:
    text = (files("harmaug") / "assets" / "plan" / "datasets.yaml").read_text("utf-8")
    entries = yaml.safe_load(text).items()
    return {str(name): KnownDataset.model_validate(entry) for name, entry in entries}
