"""The guard: one call, a verdict, no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harmaug.errors import DataError
from harmaug.guard.combine import Rules, measured
from harmaug.guard.engine import Wanted
from harmaug.guard.judge import Judgement
from harmaug.guard.load import Precision, find
from harmaug.guard.parts import Parts
from harmaug.guard.plain import Input, Plain
from harmaug.guard.settings import Calibration, GuardSettings
from harmaug.guard.verdict import Evidence, Verdict
from harmaug.scoring import FloatArray, ScorerInfo, probability
from harmaug.text import conversation

if TYPE_CHECKING:
    from harmaug.rows import LabelledRow


class Guard:
    """Judges prompts, prompt-response pairs and conversations; safe from many threads.

    Example:
        >>> guard = Guard.load("embedded")  # doctest: +SKIP
        >>> guard.check("How do I bake bread?").flagged  # doctest: +SKIP
        False
    """

    def __init__(self, parts: Parts, settings: GuardSettings) -> None:
        self._parts = parts
        self.settings = settings

    @classmethod
    def load(
        cls,
        ref: str | Path = "embedded",
        *,
        threads: int | None = None,
        precision: Precision = "auto",
        cache_size: int = 0,
        normalise: bool | None = None,
        revision: str | None = None,
    ) -> Guard:
        """Load a guard.

        Args:
            ref: `embedded`, a folder with `onnx/model.onnx` or `onnx/model_quantized.onnx`, or
                a hub id.
            threads: cores to score on; all that this process may use when None.
            precision: `int8`, `fp32`, or `auto`: int8 where it is there.
            cache_size: how many judgements to remember, so that a pair that comes again costs
                nothing.
            normalise: whether to undo what hides words (`harmaug.text.plain`); as its settings
                say when None.
            revision: a branch, tag or commit on the hub.

        Raises:
            ModelError: when there is no such guard, its files cannot be used, or an argument is
                none of these.
        """
        files = find(ref, precision, revision)
        settings = files.settings()
        if normalise is not None:
            settings = replace(settings, normalise=normalise)
        return cls(Parts.load(files, settings, threads, cache_size), settings)

    def save(self, folder: str | Path) -> None:
        """Write this guard into a folder: model, tokenizer, config and settings.

        `Guard.load(folder)` gives the same guard, with its calibrations and the threshold in force.

        Raises:
            ModelError: when the folder holds another model or cannot be written.
        """
        self._parts.files.copy(Path(folder))
        self.settings.save(folder)

    @cached_property
    def info(self) -> ScorerInfo:
        """Name, content hash and runtime of this guard."""
        return ScorerInfo(
            name=self._parts.files.name,
            revision=self._parts.files.revision,
            score_kind="two-way softmax",
            template="",
            runtime=f"onnxruntime {self._parts.files.precision}",
        )

    @property
    def threshold(self) -> float:
        """The threshold in force, on p(unsafe)."""
        return self.settings.threshold

    def operating_point(self, name: str) -> Guard:
        """Return the same guard at a named threshold, for example `strict`.

        Raises:
            ModelError: when the guard has no such operating point.
        """
        return Guard(self._parts, self.settings.at(name))

    def with_threshold(self, threshold: float, name: str = "custom") -> Guard:
        """Return the same guard with another threshold on p(unsafe) in force.

        Raises:
            DataError: for a threshold that is no probability.
        """
        return Guard(self._parts, self.settings.with_threshold(threshold, name))

    def calibrate(
        self,
        rows: Iterable[LabelledRow | tuple[str, str | None, int | None]],
        max_false_positive_rate: float = 0.01,
    ) -> Calibration:
        """Choose the threshold that flags at most that share of the harmless rows.

        Args:
            rows: labelled rows, or (prompt, response or None, label) with 1 for harmful and 0
                for harmless; rows without a label are left out.
            max_false_positive_rate: from 0 to below 1.

        Returns:
            The threshold with the recall there and intervals; `with_calibration` puts it in
            force.

        Raises:
            DataError: without rows of both classes, or for rows that are none of these.
        """
        from harmaug.guard.calibrate import calibrate, labelled

        pairs, labels = labelled(rows)
        return calibrate(self.log_odds(pairs), labels, max_false_positive_rate)

    def with_calibration(self, name: str, calibration: Calibration) -> Guard:
        """Return the same guard with a calibrated operating point added and in force.

        `guard.save(folder)` keeps it, beside the model.
        """
        return Guard(self._parts, self.settings.with_calibration(name, calibration))

    def fit_windows(
        self,
        documents: Sequence[Input],
        max_false_positive_rate: float = 0.05,
        *,
        from_tokens: int = 0,
    ) -> GuardSettings:
        """Measure how the guard's windows score harmless documents (`harmaug.guard.combine`).

        Save the settings beside the model: from then on at most that share of long harmless
        documents reaches a threshold, whatever their length, at every operating point. A few
        thousand windows are enough, of the kind of text that is harmless where it is used. Texts
        of fewer than `from_tokens` are no documents.

        Raises:
            DataError: without documents, or for a rate that is none.
        """
        if not 0.0 < max_false_positive_rate < 1.0:
            raise DataError(
                f"a rate of documents is between 0 and 1, not {max_false_positive_rate}"
            )
        windows: list[float] = []
        for judged in self._parts.judged(self._parts.plain(documents)):
            windows += judged.log_odds
        return measured(self.settings, windows, max_false_positive_rate, from_tokens)

    def check(
        self,
        prompt: str | None = None,
        response: str | None = None,
        *,
        messages: Sequence[Mapping[str, object]] | None = None,
        explain: bool = False,
    ) -> Verdict:
        """Judge a prompt, a prompt with its response, or a conversation.

        Of `messages` the last assistant turn is judged where it ends the conversation, else the
        last user turn; what comes before is context (`harmaug.text.conversation`), and spans count
        in the texts that `Verdict.judged` holds. With
        `explain` the verdict names the spans that carry it, for at most 32 more runs.

        Raises:
            DataError: when there is nothing to judge or it is not text.
        """
        if (prompt is None) == (messages is None) or (prompt is None and response is not None):
            raise DataError("give either a prompt (and its response) or messages")
        given = (prompt or "", response) if messages is None else conversation(messages)
        return self.verdicts([given], explain=explain)[0]

    async def acheck(
        self,
        prompt: str | None = None,
        response: str | None = None,
        *,
        messages: Sequence[Mapping[str, object]] | None = None,
        explain: bool = False,
    ) -> Verdict:
        """`check` in a thread: the event loop goes on."""
        from asyncio import to_thread

        return await to_thread(self.check, prompt, response, messages=messages, explain=explain)

    def verdicts(
        self,
        pairs: Sequence[Input],
        *,
        explain: bool = False,
        wanted: Wanted | None = None,
    ) -> list[Verdict]:
        """Judge many pairs (a string is a prompt alone), in order.

        Raises:
            GivenUpError: once `wanted`, asked every few windows, says no (`harmaug.guard.engine`).
        """
        plain = self._parts.plain(pairs)
        judged = self._parts.judged(plain, wanted)
        return [self._verdict(*both, explain) for both in zip(plain, judged, strict=True)]

    def log_odds(self, pairs: Sequence[Input]) -> FloatArray:
        """Return log(p(unsafe) / p(safe)) for each pair, calibrated, shape (n,)."""
        judged = self._parts.judged(self._parts.plain(pairs))
        return np.array([self._rules.log_odds(each) for each in judged], dtype=np.float64)

    def score(self, pairs: Sequence[Input]) -> FloatArray:
        """Return p(unsafe) for each pair (a string is a prompt alone), shape (n,)."""
        return probability(self.log_odds(pairs))

    async def ascore(self, pairs: Sequence[Input]) -> FloatArray:
        """`score` in a thread: the event loop goes on."""
        from asyncio import to_thread

        return await to_thread(self.score, pairs)

    @cached_property
    def _rules(self) -> Rules:
        return Rules.of(self.settings)

    def _verdict(self, plain: Plain, judged: Judgement, explained: bool) -> Verdict:
        pair = plain.read.pair
        log_odds = self._rules.log_odds(judged)
        score = float(probability(np.array([log_odds]))[0])
        highest = judged.highest()
        reasons = self._parts.scope.reasons(pair, known=judged.known)
        found: tuple[Evidence, ...] = ()
        if explained:
            from harmaug.guard.explain import explain as occlude

            found = occlude(pair, judged, self._parts.judge.at_once)
        return Verdict(
            score=score,
            flagged=score >= self.threshold,
            threshold=self.threshold,
            log_odds=log_odds,
            judged=plain.given.pair,
            window=None if highest is None else plain.source(highest.span),
            windows=max(1, len(judged.windows)),
            in_scope=not reasons,
            reasons=reasons,
            evidence=tuple(replace(each, span=plain.source(each.span)) for each in found),
        )
