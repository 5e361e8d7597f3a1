"""Which spans carry a verdict: leave one out and see how far the log-odds fall.

First the sentences of what was judged, then the words of the sentence that counts most. Where they
are more than there are runs for, groups of neighbours are left out first, and then the members of
the group that counts most: so a verdict is explained in at most `RUNS` runs, whatever the text. Of
an input that was read in windows, the stretch of the highest window is explained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from harmaug.guard.judge import Judgement
from harmaug.guard.verdict import Evidence, Side, TextSpan
from harmaug.scoring import FloatArray, TextPair

RUNS = 32
"""The most runs that an explanation takes."""

_SENTENCE_RUNS = RUNS // 2
_LONG = 40
"""A sentence of more words is split, so that its words are not left out in large groups alone."""

_SENTENCE = re.compile(r"\S(?:.*?[.!?]+(?=\s|$)|.*)")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_MOST = 5
"""Sentences and words that are named: more explain nothing."""

Score = Callable[[Sequence[TextPair]], FloatArray]


def explain(pair: TextPair, judged: Judgement, score: Score) -> tuple[Evidence, ...]:
    """Find what carries the verdict on a normalised pair, in spans of the normalised texts.

    `score` gives log-odds of pairs that fit one window. Sentences come first, then words, each
    the strongest first; what lowers nothing is left out.
    """
    read = _Read.of(pair, judged)
    sentences = [part for place in read.stretches for part in _sentences(pair, place)]
    found = list[Evidence]()
    runs = RUNS
    if len(sentences) > 1:
        found, used = _drops(read, sentences, "sentence", _SENTENCE_RUNS, score)
        runs -= used
    top = found[0].span if found else read.stretches[-1]
    words = [
        TextSpan(top.text, *match.span())
        for match in _WORD.finditer(_text(pair, top.text), top.start, top.end)
    ]
    named, _ = _drops(read, words, "word", runs, score)
    return tuple(found[:_MOST] + named[:_MOST])


@dataclass(frozen=True, slots=True)
class _Read:
    """What the model read at once, its log-odds, and the stretches that may be left out.

    `whole` is the pair that it is taken from; what stands at `place` there stands at
    `place - first` in what was read.
    """

    whole: TextPair
    pair: TextPair
    log_odds: float
    stretches: Sequence[TextSpan]
    first: int = 0

    @classmethod
    def of(cls, pair: TextPair, judged: Judgement) -> _Read:
        highest, log_odds = judged.highest(), max(judged.log_odds)
        if highest is not None:
            first = highest.span.start - highest.lead
            return cls(pair, highest.pair, log_odds, [highest.span], first)
        stretches = [TextSpan("prompt", 0, len(pair[0]))]
        if pair[1] is not None:
            stretches.append(TextSpan("response", 0, len(pair[1])))
        return cls(pair, pair, log_odds, stretches)

    def words(self, span: TextSpan) -> str:
        return _text(self.whole, span.text)[span.start : span.end]

    def without(self, span: TextSpan) -> TextPair:
        text = _text(self.pair, span.text)
        left = text[: span.start - self.first] + text[span.end - self.first :]
        return (left, self.pair[1]) if span.text == "prompt" else (self.pair[0], left)


def _drops(
    read: _Read,
    spans: Sequence[TextSpan],
    kind: Literal["sentence", "word"],
    runs: int,
    score: Score,
) -> tuple[list[Evidence], int]:
    """The spans that lower the log-odds, strongest first, and the runs taken, at most `runs`."""
    used = 0
    if len(spans) > runs:
        groups = _grouped(spans, runs // 2)
        log_odds = score([read.without(_joined(group)) for group in groups])
        used = len(groups)
        best = groups[int(np.argmin(log_odds))]
        spans = [_joined(group) for group in _grouped(best, runs - used)]
    log_odds = score([read.without(span) for span in spans])
    found = [
        Evidence(span, read.words(span), read.log_odds - value, kind)
        for span, value in zip(spans, log_odds.tolist(), strict=True)
        if value < read.log_odds
    ]
    return sorted(found, key=lambda evidence: -evidence.drop), used + len(spans)


def _grouped(spans: Sequence[TextSpan], most: int) -> list[Sequence[TextSpan]]:
    """At most `most` groups of neighbours, none across the two texts."""
    size = 1 if len(spans) <= most else -(-len(spans) // (most - 1))
    sides: tuple[Side, ...] = ("prompt", "response")
    each = [[span for span in spans if span.text == side] for side in sides]
    return [own[at : at + size] for own in each for at in range(0, len(own), size)]


def _joined(group: Sequence[TextSpan]) -> TextSpan:
    return TextSpan(group[0].text, group[0].start, group[-1].end)


def _sentences(pair: TextPair, place: TextSpan) -> list[TextSpan]:
    """The sentences of a stretch; of a long one, parts that have about the same number of words."""
    text = _text(pair, place.text)
    found: list[TextSpan] = []
    for match in _SENTENCE.finditer(text, place.start, place.end):
        words = [word.start() for word in _WORD.finditer(text, *match.span())]
        parts = max(1, -(-len(words) // _LONG))
        cuts = [words[len(words) * part // parts] for part in range(1, parts)]
        edges = [match.start(), *cuts, match.end()]
        found += [
            TextSpan(place.text, start, start + len(text[start:end].rstrip()))
            for start, end in pairwise(edges)
        ]
    return found


def _text(pair: TextPair, side: Side) -> str:
    return pair[0] if side == "prompt" else pair[1] or ""
