"""Guards that are asked for one token: their answer's first, after one text or one a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.teachers.reading import TRIED, Answers, Reader, encode
from harmaug.teachers.template_text import neutral_in

Render = Callable[[TextPair], Sequence[str]]
"""Turns a pair into one or more texts, each ending where an answer begins."""


@dataclass(frozen=True)
class Form:
    """How a family asks.

    `template` is all that is fixed in it, `markers` its marks in plain text, `labels` what begins
    a turn in it.
    """

    template: str
    render: Render
    answers: Answers
    markers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class OneTokenTeacher:
    """A guard that reads each pair once, or once a policy: the worst policy counts."""

    def __init__(self, reader: Reader, form: Form) -> None:
        self.form = form
        self._reader = reader
        self._neutral = neutral_in(reader.tokenizer, form.markers, form.labels)
        for pair in TRIED:
            self.texts(pair)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is."""
        return self._reader.info(self.form.template)

    def texts(self, pair: TextPair) -> Sequence[str]:
        """Return what is read of a pair: rendered, its own text free of control tokens."""
        return self.form.render(self._neutral.pair(pair))

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the log-odds of the worst reading of each pair; one missing makes it missing."""
        rendered = [self.texts(pair) for pair in pairs]
        owners = [index for index, texts in enumerate(rendered) for _ in texts]
        texts = [text for texts in rendered for text in texts]
        odds = self._reader.log_odds(texts, self.form.answers)
        worst = np.full(len(pairs), -np.inf)
        with np.errstate(invalid="ignore"):  # a NaN that stays NaN is meant
            np.maximum.at(worst, owners, odds)
        return worst

    def token_counts(self, pairs: Sequence[TextPair]) -> list[tuple[tuple[int, ...], int]]:
        """Return (tokens of each reading, tokens of the pair's own text) of each pair."""
        tokenizer = self._reader.tokenizer
        counts = []
        for pair in pairs:
            prompt, response = pair
            readings = tuple(len(encode(tokenizer, text)) for text in self.texts(pair))
            content = len(encode(tokenizer, prompt)) + len(encode(tokenizer, response or ""))
            counts.append((readings, content))
        return counts
