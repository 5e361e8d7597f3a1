"""The rows that travel between stages. Plain data: nothing is imported, nothing is computed.

Every stage is one row in, one row out, in the same order, so that a part of a table can be
computed again without the rest. `id` is unique within a table and stable between runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ResponseKind = Literal["labelled", "refusal", "harmful", "empty"]
"""Where the response of a pair comes from: the labelled data D, or one of the paper's three."""

LabelOf = Literal["prompt", "response", "text", "both"]
"""What the human label of a row judges."""


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A row of D or of a benchmark. `label` is 1 for harmful, 0 for harmless, None for unknown."""

    id: str
    prompt: str
    response: str | None
    label: int | None
    category: str | None
    source: str
    label_of: LabelOf


@dataclass(frozen=True, slots=True)
class InstructionTask:
    """One sample to draw from the generator: its exemplars, in the order they are numbered."""

    id: str
    index: int
    seed: int
    exemplar_ids: tuple[str, ...]
    exemplars: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One generated instruction. `raw` is the LLM's text as it came, without the prefix.

    `prompt` is the cleaned instruction; `drop` names the first filter that rejects it, None when
    it is kept. `error` says why the LLM gave nothing. `tokens_in` and `tokens_out` are its cost.
    """

    id: str
    index: int
    prompt: str
    raw: str
    exemplar_ids: tuple[str, ...]
    drop: str | None
    error: str | None
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class ResponseTask:
    """One response to write for a kept instruction."""

    id: str
    index: int
    seed: int
    instruction_id: str
    prompt: str
    kind: ResponseKind


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt with the response to judge (None: the prompt is judged alone).

    `label` is the human label where the pair comes from D, None where it was generated.
    """

    id: str
    prompt: str
    response: str | None
    kind: ResponseKind
    label: int | None
    category: str | None
    source: str
    error: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A pair as the teacher sees it: `score` is p(unsafe), `log_odds` the same in full precision.

    Both are None where the teacher gave no answer that could be read.
    """

    id: str
    prompt: str
    response: str | None
    kind: ResponseKind
    label: int | None
    category: str | None
    source: str
    score: float | None
    log_odds: float | None

    @property
    def instruction(self) -> str:
        """The id of the instruction that a generated pair is of (`gen:7:harmful`: `gen:7`)."""
        return self.id.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a guard said of one benchmark row, kept so that any metric can be computed again."""

    id: str
    label: int
    score: float | None
    log_odds: float | None
