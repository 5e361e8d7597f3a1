"""What is kept of the generated: each row gets the first reason to drop it, or none.

The reasons are looked for in the order of `REASONS`. Rows are judged in the order they were
drawn, so that of two near-duplicates the earlier stays, whatever drew them and in what batches.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from datasketch import MinHash, MinHashLSH

from harmaug.augment.attack import openings
from harmaug.augment.clean import echoes, has_explanation
from harmaug.augment.minors import sexualises_minors
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

PERMUTATIONS = 128


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
        self._near = MinHashLSH(threshold=config.filters.near_duplicate, num_perm=PERMUTATIONS)
        self._kept = 0

    def judge(self, rows: Iterable[Instruction]) -> Iterator[Instruction]:
        """Yield each row with its reason to be dropped, None where it stays."""
        for row in rows:
            reason = self._reason(row)
            if reason is None:
                self._remember(row.prompt)
            yield dataclasses.replace(row, drop=reason)

    def _reason(self, row: Instruction) -> str | None:
        if row.drop is not None or row.error is not None:
            return row.drop or "error"
        words = len(row.prompt.split())
        checks = {
            "minors": sexualises_minors(row.prompt),
            "refusal": is_refusal(row.raw, verdicts=False),
            "echo": words > 0 and echoes(row.prompt, self._openings),
            "empty": words == 0,
            "too short": words < self._filters.min_words,
            "too long": words > self._filters.max_words,
            "self-explanation": has_explanation(row.prompt),
        }
        for reason, applies in checks.items():
            if applies:
                return reason
        return self._overlap(row.prompt)

    def _overlap(self, prompt: str) -> str | None:
        if self._exemplars.highest(prompt) >= self._filters.exemplar_overlap:
            return "copy of an exemplar"
        if self._benchmarks.highest(prompt) >= self._filters.benchmark_overlap:
            return "near-copy of a benchmark"
        if self._near.query(_minhash(prompt)):
            return "near-duplicate"
        return None

    def _remember(self, prompt: str) -> None:
        self._near.insert(self._kept, _minhash(prompt))
        self._kept += 1


def _minhash(prompt: str) -> MinHash:
    sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.update_batch([" ".join(gram).encode("utf-8") for gram in trigrams(prompt)])
    return sketch
