"""Guards that answer in several lines: each is forced up to its answer and then read.

A prompt alone is scored by the line about the request, a pair by the line about the response,
before which stand the model's own answers to the lines above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.teachers.reading import TRIED, Answers, Reader, encode
from harmaug.teachers.template_text import neutral_in

MOST_FREE = 96
"""Tokens of a line that is written freely, such as a list of categories; then it has broken off."""


@dataclass(frozen=True)
class Choice:
    """A line that is answered with one of two words, or with `other`, which is neither."""

    label: str
    unsafe: str
    safe: str
    other: str | None = None


@dataclass(frozen=True)
class Free:
    """A line that the model writes as it likes."""

    label: str


@dataclass(frozen=True)
class LinesForm:
    """How a family asks.

    `render` gives the text before the first line. The first line judges the request, the last the
    response. `template` is all that is fixed, `markers` what marks its parts in plain text,
    `labels` what begins a turn.
    """

    template: str
    render: Callable[[TextPair], str]
    lines: tuple[Choice | Free, ...]
    answers: Answers
    markers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class LinesTeacher:
    """A guard whose answers are forced line by line."""

    def __init__(self, reader: Reader, form: LinesForm) -> None:
        self.form = form
        self._reader = reader
        self._neutral = neutral_in(reader.tokenizer, form.markers, form.labels)
        for pair in TRIED:
            self.text(pair)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is."""
        return self._reader.info(f"{self.form.template}{self.form.lines}")

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the log-odds in the line that judges what was given.

        NaN where the answer there is neither word, where a line above it got none of its own
        answers (the server refused it, it broke off, the model wrote something else), and where
        the text is too long.
        """
        texts: dict[int, str] = {at: self.text(pair) for at, pair in enumerate(pairs)}
        scores = np.full(len(pairs), np.nan)
        for line in self.form.lines:
            texts = {at: text + line.label for at, text in texts.items()}
            if isinstance(line, Choice):
                odds = self._reader.log_odds(list(texts.values()), self.form.answers)
                read = dict(zip(texts, odds, strict=True))
                judged = [at for at in texts if line == self._judge(pairs[at])]
                scores[judged] = [read.pop(at) for at in judged]
                words = self._words(line, texts, read)
            else:
                written = self._reader.write(list(texts.values()), MOST_FREE)
                words = {at: _line(text) for at, text in zip(texts, written, strict=True)}
            texts = {at: texts[at] + word for at, word in words.items() if word is not None}
        return scores

    def _judge(self, pair: TextPair) -> Choice | Free:
        """Return the line that a pair is scored by."""
        return self.form.lines[0 if pair[1] is None else -1]

    def _words(
        self, line: Choice, texts: Mapping[int, str], odds: Mapping[int, float]
    ) -> dict[int, str | None]:
        """Return the model's own answers, None where it gave none of the line's.

        Log-odds that are missing do not say why: what the model writes there does.
        """
        words: dict[int, str | None] = {
            at: None if np.isnan(value) else line.unsafe if value > 0 else line.safe
            for at, value in odds.items()
        }
        unread = [at for at, word in words.items() if word is None]
        if line.other is not None and unread:
            most = len(encode(self._reader.tokenizer, line.other))
            written = self._reader.write([texts[at] for at in unread], most)
            for at, text in zip(unread, written, strict=True):
                if (text or "").strip().startswith(line.other.strip()):
                    words[at] = line.other
        return words

    def text(self, pair: TextPair) -> str:
        """Return what is read before the first line, its own text free of control tokens."""
        return self.form.render(self._neutral.pair(pair))

    def token_counts(self, pairs: Sequence[TextPair]) -> list[tuple[tuple[int, ...], int]]:
        """Return (tokens of the reading of each line, tokens of its own text) of each pair.

        The lines above are counted with their shortest answers.
        """
        tokenizer = self._reader.tokenizer
        counts = []
        for prompt, response in pairs:
            text, readings = self.text((prompt, response)), []
            for line in self.form.lines if response is not None else self.form.lines[:1]:
                text += line.label
                if isinstance(line, Choice):
                    readings.append(len(encode(tokenizer, text)))
                    text += line.safe
            content = len(encode(tokenizer, prompt)) + len(encode(tokenizer, response or ""))
            counts.append((tuple(readings), content))
        return counts


def _line(written: str | None) -> str | None:
    """Return the first line of what was written, None where it was not brought to its end."""
    line, newline, _ = (written or "").partition("\n")
    return line if newline else None
