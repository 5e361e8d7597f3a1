"""Which spans carry a verdict: leave one out and see how far the log-odds fall.

First each sentence of what was judged, then each word of the sentence that counts most, each in
one batch. Of an input that was read in windows, the stretch of the highest window is explained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harmaug.guard.judge import Judgement
from harmaug.guard.verdict import Evidence, Side, TextSpan
from harmaug.scoring import FloatArray, TextPair

_SENTENCE = re.compile(r"\S(?:.*?[.!?]+(?=\s|$)|.*)")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_MOST = 5
"""Sentences and words that are named: more explain nothing."""

Score = Callable[[Sequence[TextPair]], FloatArray]


@dataclass(frozen=True, slots=True)
class _Piece:
    span: TextSpan
    kind: Literal["sentence", "word"]


def explain(pair: TextPair, judged: Judgement, score: Score) -> tuple[Evidence, ...]:
    """Find what carries the verdict on a normalised pair, in spans of the normalised texts.

    `score` gives log-odds of pairs that fit one window. Sentences come first, then words, each
    the strongest first; what lowers nothing is left out.
    """
    base, stretches = _base(pair, judged)
    sentences = [
        _Piece(TextSpan(place.text, start, end), "sentence")
        for place in stretches
        for start, end in _find(_SENTENCE, pair, place)
    ]
    found = _drops(pair, base, stretches, sentences, score)
    top = found[0].span if found else stretches[-1]
    words = [
        _Piece(TextSpan(top.text, start, end), "word") for start, end in _find(_WORD, pair, top)
    ]
    if len(sentences) < 2:
        found = []
    return tuple(found[:_MOST] + _drops(pair, base, stretches, words, score)[:_MOST])


def _base(pair: TextPair, judged: Judgement) -> tuple[TextPair, list[TextSpan]]:
    """What was read, and the stretches of the texts in it that may be left out."""
    highest = judged.highest()
    if highest is not None:
        return highest.pair, [highest.span]
    prompt, response = pair
    stretches = [TextSpan("prompt", 0, len(prompt))]
    if response is not None:
        stretches.append(TextSpan("response", 0, len(response)))
    return pair, stretches


def _find(pattern: re.Pattern[str], pair: TextPair, place: TextSpan) -> list[tuple[int, int]]:
    text = _text(pair, place.text)
    return [match.span() for match in pattern.finditer(text, place.start, place.end)]


def _drops(
    pair: TextPair,
    base: TextPair,
    stretches: list[TextSpan],
    pieces: list[_Piece],
    score: Score,
) -> list[Evidence]:
    starts = {place.text: place.start for place in stretches}
    without = [_without(base, piece.span, starts[piece.span.text]) for piece in pieces]
    log_odds = score([base, *without])
    found = [
        Evidence(
            piece.span,
            _text(pair, piece.span.text)[piece.span.start : piece.span.end],
            float(log_odds[0] - value),
            piece.kind,
        )
        for piece, value in zip(pieces, log_odds[1:], strict=True)
        if value < log_odds[0]
    ]
    return sorted(found, key=lambda evidence: -evidence.drop)


def _without(base: TextPair, span: TextSpan, start: int) -> TextPair:
    text = _text(base, span.text)
    left = text[: span.start - start] + text[span.end - start :]
    return (left, base[1]) if span.text == "prompt" else (base[0], left)


def _text(pair: TextPair, side: Side) -> str:
    return pair[0] if side == "prompt" else pair[1] or ""
