"""What a guard says about one input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from harmaug.scoring import TextPair

Side = Literal["prompt", "response"]
"""Which of the two texts of a pair."""


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Characters `start` to `end` of the prompt or the response in `Verdict.judged`."""

    text: Side
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span that carries the verdict: without it the log-odds fall by `drop`.

    `words` is the text of the span; `kind` says what was left out, a sentence or a word.
    """

    span: TextSpan
    words: str
    drop: float
    kind: Literal["sentence", "word"]


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """One input, judged.

    `score` is p(unsafe), `log_odds` the same in full precision, `flagged` whether the score
    reaches `threshold`. `judged` is the prompt and the response in which all spans count: as the
    caller wrote them, or as they were put together from a conversation. `windows` is how many
    windows they were read in; `window` is the one with the highest score, None when everything was
    read at once. `in_scope` is False, with the
    `reasons`, where the guard was not trained for such text, so that a low score says nothing.
    `evidence` is filled by `explain=True`, the strongest first.
    """

    score: float
    flagged: bool
    threshold: float
    log_odds: float
    judged: TextPair
    window: TextSpan | None = None
    windows: int = 1
    in_scope: bool = True
    reasons: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def at(self, threshold: float) -> Verdict:
        """Return the verdict on the same score at another threshold."""
        return replace(self, threshold=threshold, flagged=self.score >= threshold)

    def __repr__(self) -> str:
        sign, word = (">=", "FLAGGED") if self.flagged else ("<", "safe")
        if not self.flagged and not self.in_scope:
            word = "unknown"
        parts = [f"{word}: {self.score:.3f} {sign} {self.threshold:.3f}"]
        if self.window is not None and self.windows > 1:
            place = f"{self.window.text}[{self.window.start}:{self.window.end}]"
            parts.append(f"highest of {self.windows} windows: {place}")
        parts += [f"out of scope: {reason}" for reason in self.reasons]
        if self.evidence:
            parts.append(f"because of {self.evidence[0].words!r}")
        return f"Verdict({'; '.join(parts)})"
