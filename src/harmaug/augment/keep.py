"""What is kept of the generated: each row gets the first reason to drop it, or none.

The reasons are looked for in the order of `REASONS`. Rows are judged in the order they were
drawn, so that of two near-duplicates the earlier stays, whatever drew them and in what batches.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

from harmaug.augment.attack import openings
from harmaug.augment.clean import echoes, has_explanation
from harmaug.augment.minors import sexualises_minors
from harmaug.augment.near import NearIndex
from harmaug.augment.overlap import OverlapIndex, trigrams
from harmaug.augment.refusals import is_refusal
from harmaug.config import FilterConfig, GenerateConfig
from harmaug.rows import Instruction

REASONS = (
    "error",
    "minors",
    "refusal",
    "echo",
    "empty",
    "too short",
    "too long",
    "self-explanation",
    "copy of an exemplar",
    "near-copy of a benchmark",
    "near-duplicate",
)


class Keeper:
    """Judges generated instructions one after the other, remembering those it kept.

    `exemplars` are D's harmful prompts by id, `benchmarks` the prompts never to come near.
    """

    def __init__(
        self, config: GenerateConfig, exemplars: Sequence[str], benchmarks: Sequence[str]
    ) -> None:
        self._filters: FilterConfig = config.filters
        self._openings = openings(config)
        self._exemplars = OverlapIndex(exemplars)
        self._benchmarks = OverlapIndex(benchmarks)
        self._near = NearIndex(config.filters.near_duplicate)

    def judge(self, rows: Iterable[Instruction]) -> Iterator[Instruction]:
        """Yield each row with its reason to be dropped, None where it stays."""
        for row in rows:
            yield dataclasses.replace(row, drop=self._alone(row) or self._among_others(row.prompt))

    def _alone(self, row: Instruction) -> str | None:
        """Return the first reason that a row gives by itself."""
        if row.drop is not None or row.error is not None:
            return row.drop or "error"
        words = len(row.prompt.split())
        checks: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("minors", lambda: sexualises_minors(row.prompt)),
            ("refusal", lambda: is_refusal(row.raw, verdicts=False)),
            ("echo", lambda: words > 0 and echoes(row.prompt, self._openings)),
            ("empty", lambda: words == 0),
            ("too short", lambda: words < self._filters.min_words),
            ("too long", lambda: words > self._filters.max_words),
            ("self-explanation", lambda: has_explanation(row.prompt)),
        )
        return next((reason for reason, applies in checks if applies()), None)

    def _among_others(self, prompt: str) -> str | None:
        """Return the first reason that other texts give; a row that stays is remembered."""
        grams = trigrams(prompt)
        if self._exemplars.highest_of(grams) >= self._filters.exemplar_overlap:
            return "copy of an exemplar"
        if self._benchmarks.highest_of(grams) >= self._filters.benchmark_overlap:
            return "near-copy of a benchmark"
        keys = self._near.keys(grams)
        if self._near.near(keys):
            return "near-duplicate"
        self._near.remember(keys)
        return None
