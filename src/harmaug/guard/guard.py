"""The guard: one call, a verdict, no torch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from harmaug.errors import DataError, ModelError, did_you_mean
from harmaug.guard.engine import Engine, available_threads
from harmaug.guard.judge import Judge, Judgement
from harmaug.guard.load import GuardFiles, Precision, find
from harmaug.guard.settings import GuardSettings
from harmaug.guard.verdict import TextSpan, Verdict
from harmaug.scoring import FloatArray, ScorerInfo, TextPair, probability
from harmaug.text import Aligned, Message, conversation, normalise_aligned


class Guard:
    """Judges prompts, prompt-response pairs and conversations; safe from many threads.

    Example:
        >>> guard = Guard.load("embedded")  # doctest: +SKIP
        >>> guard.check("How do I bake bread?").flagged  # doctest: +SKIP
        False
    """

    def __init__(self, files: GuardFiles, judge: Judge, settings: GuardSettings) -> None:
        self._files = files
        self._judge = judge
        self.settings = settings

    @classmethod
    def load(
        cls,
        ref: str | Path = "embedded",
        *,
        threads: int | None = None,
        precision: Precision = "auto",
    ) -> Guard:
        """Load a guard.

        Args:
            ref: `embedded`, a folder with `onnx/model.onnx` or `onnx/model_quantized.onnx`, or
                a hub id.
            threads: cores to score on; all that this process may use when None.
            precision: `int8`, `fp32`, or `auto`: int8 where it is there.

        Raises:
            ModelError: when there is no such guard or its files cannot be used.
        """
        files = find(ref, precision)
        tokenizer, settings = files.tokenizer(), files.settings()
        pad = tokenizer.token_to_id("[PAD]")
        engine = Engine(
            files.model,
            threads=threads or available_threads(),
            harmful_index=settings.harmful_index,
            pad_id=0 if pad is None else pad,
        )
        return cls(files, Judge(tokenizer, engine, settings), settings)

    @cached_property
    def info(self) -> ScorerInfo:
        """Name, content hash and runtime of this guard."""
        return ScorerInfo(
            name=self._files.name,
            revision=self._files.revision,
            score_kind="two-way softmax",
            template="",
            runtime=f"onnxruntime {self._files.precision}",
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
        known = self.settings.thresholds
        if name not in known:
            raise ModelError(f"no operating point '{name}'{did_you_mean(name, known)}")
        return Guard(self._files, self._judge, replace(self.settings, default=name))

    def with_threshold(self, threshold: float, name: str = "custom") -> Guard:
        """Return the same guard with another threshold on p(unsafe) in force."""
        if not 0.0 <= threshold <= 1.0:
            raise DataError(f"a threshold is a probability from 0 to 1, not {threshold}")
        known = {**self.settings.thresholds, name: threshold}
        settings = replace(self.settings, thresholds=known, default=name)
        return Guard(self._files, self._judge, settings)

    def check(
        self,
        prompt: str | None = None,
        response: str | None = None,
        *,
        messages: Sequence[Message] | None = None,
    ) -> Verdict:
        """Judge a prompt, a prompt with its response, or a conversation.

        Of `messages` the last assistant turn is judged where it ends the conversation, else the
        last user turn; what comes before is context (`harmaug.text.conversation`).

        Raises:
            DataError: when there is nothing to judge or it is not text.
        """
        if (prompt is None) == (messages is None):
            raise DataError("give either a prompt (and its response) or messages")
        pair = (prompt or "", response) if messages is None else conversation(messages)
        return self.verdicts([pair])[0]

    async def acheck(
        self,
        prompt: str | None = None,
        response: str | None = None,
        *,
        messages: Sequence[Message] | None = None,
    ) -> Verdict:
        """`check` in a thread: the event loop goes on."""
        return await asyncio.to_thread(self.check, prompt, response, messages=messages)

    def verdicts(self, pairs: Sequence[TextPair | str]) -> list[Verdict]:
        """Judge many pairs (a string is a prompt alone), in order."""
        plain = [self._plain(pair) for pair in pairs]
        judgements = self._judge.judge([_texts(pair) for pair in plain])
        return [self._verdict(*both) for both in zip(plain, judgements, strict=True)]

    def log_odds(self, pairs: Sequence[TextPair | str]) -> FloatArray:
        """Return log(p(unsafe) / p(safe)) for each pair, calibrated, shape (n,)."""
        plain = [_texts(self._plain(pair)) for pair in pairs]
        return np.array([judged.log_odds for judged in self._judge.judge(plain)], dtype=np.float64)

    def score(self, pairs: Sequence[TextPair | str]) -> FloatArray:
        """Return p(unsafe) for each pair (a string is a prompt alone), shape (n,)."""
        return probability(self.log_odds(pairs))

    async def ascore(self, pairs: Sequence[TextPair | str]) -> FloatArray:
        """`score` in a thread: the event loop goes on."""
        return await asyncio.to_thread(self.score, pairs)

    def _plain(self, pair: TextPair | str) -> tuple[Aligned, Aligned | None]:
        prompt, response = checked(pair)
        if not self.settings.normalise:
            return Aligned(prompt, None), None if response is None else Aligned(response, None)
        return (
            normalise_aligned(prompt),
            None if response is None else normalise_aligned(response),
        )

    def _verdict(self, plain: tuple[Aligned, Aligned | None], judged: Judgement) -> Verdict:
        score = float(probability(np.array([judged.log_odds]))[0])
        highest = judged.highest()
        return Verdict(
            score=score,
            flagged=score >= self.threshold,
            threshold=self.threshold,
            log_odds=judged.log_odds,
            window=None if highest is None else _source(plain, highest.span),
            windows=max(1, len(judged.windows)),
        )


def checked(pair: TextPair | str) -> TextPair:
    """Return a pair of texts.

    Raises:
        DataError: when it is anything else.
    """
    if isinstance(pair, str):
        return pair, None
    if (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and isinstance(pair[1], str | None)
    ):
        return pair[0], pair[1]
    raise DataError("each row is a prompt or (prompt, response), as text; response may be None")


def _texts(plain: tuple[Aligned, Aligned | None]) -> TextPair:
    prompt, response = plain
    return prompt.text, None if response is None else response.text


def _source(plain: tuple[Aligned, Aligned | None], span: TextSpan) -> TextSpan:
    aligned = plain[0] if span.text == "prompt" or plain[1] is None else plain[1]
    return TextSpan(span.text, *aligned.source(span.start, span.end))
