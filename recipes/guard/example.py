"""One row that the guard learns from, before it becomes a row of `distill`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harmaug.rows import ScoredPair

Register = Literal["request", "text", "pair"]
"""What is judged: a request to an assistant, a post or statement, or a response to a prompt."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text or pair with its soft target `harm` in (0, 1): p(unsafe) as far as it is known."""

    prompt: str
    response: str | None
    harm: float
    source: str
    register: Register

    @property
    def label(self) -> int:
        """1 for harmful, 0 for harmless."""
        return int(self.harm > 0.5)


def scored_pairs(examples: Sequence[Example]) -> list[ScoredPair]:
    """Rows for `distill` with lambda 0 and temperature 1: the soft target is all that counts."""
    return [
        ScoredPair(
            id=f"{example.source}:{index}",
            prompt=example.prompt,
            response=example.response,
            kind="labelled",
            label=example.label,
            category=None,
            source=example.source,
            score=example.harm,
            log_odds=math.log(example.harm) - math.log1p(-example.harm),
        )
        for index, example in enumerate(examples)
    ]
