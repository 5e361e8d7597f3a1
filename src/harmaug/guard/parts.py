"""What guards with different thresholds share: files, model, tests of scope, cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from harmaug.errors import ModelError
from harmaug.guard.cache import Cache
from harmaug.guard.engine import Engine, Wanted, available_threads
from harmaug.guard.files import GuardFiles
from harmaug.guard.judge import Judge, Judgement
from harmaug.guard.plain import Input, Plain, plain_inputs
from harmaug.guard.scope import Scope
from harmaug.guard.settings import GuardSettings


@dataclass(frozen=True)
class Parts:
    """A model that is loaded, and what stands around it."""

    files: GuardFiles
    judge: Judge
    scope: Scope
    cache: Cache
    normalise: bool

    @classmethod
    def load(
        cls, files: GuardFiles, settings: GuardSettings, threads: int | None, cache_size: int
    ) -> Parts:
        """Load a guard's model and tokenizer.

        Raises:
            ModelError: when they cannot be used, or for a number that is none.
        """
        if threads is not None and threads < 1:
            raise ModelError(f"a guard runs on at least 1 thread, not {threads}")
        if cache_size < 0:
            raise ModelError(f"a cache holds 0 judgements or more, not {cache_size}")
        tokenizer = files.tokenizer()
        engine = Engine(
            files.model,
            threads=available_threads() if threads is None else threads,
            harmful_index=settings.harmful_index,
        )
        scope = Scope(tokenizer, english=settings.language == "en")
        judge = Judge(tokenizer, engine, settings, scope)
        return cls(files, judge, scope, Cache(cache_size), settings.normalise)

    def plain(self, inputs: Iterable[Input]) -> list[Plain]:
        """Read what a caller gives.

        Raises:
            DataError: when there is anything but a list of prompts and pairs.
        """
        return plain_inputs(inputs, self.judge.neutral, normalise=self.normalise)

    def judged(self, inputs: Sequence[Plain], wanted: Wanted | None = None) -> list[Judgement]:
        """Judge texts, or take what the cache holds of them, in order."""
        judge = partial(self.judge.judge, wanted=wanted)
        return self.cache.judge([each.read for each in inputs], judge)
