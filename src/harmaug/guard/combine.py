"""One log-odds from those of many windows.

The highest of n harmless windows grows with n, so that a plain maximum flags nearly every long
document. The rule here is Simes' (1986), on how rare a window's log-odds are among harmless
windows: where a harmless window reaches z with chance S(z), k windows of n reaching z count as
much as one window alone with chance n/k * S(z). With the depth D(z) = -log S(z), the k-th highest
of n windows counts

    D^-1(D(z_(k)) - log(n / k)),

and the highest of these decides: one very harmful window is enough, and so are many moderate
ones. A threshold keeps its false-positive rate whatever the length, also where neighbouring
windows resemble each other. Where a single window has more than is wanted of a document, documents
that are not as rare as that lose so much depth that they stay below the lowest threshold known when
the windows were measured: the rate holds at every one from there on, and scores are the same at all
of them, and at those that are set or calibrated later. One window is left as it is.

Source: R. J. Simes, "An improved Bonferroni procedure for multiple tests of significance",
Biometrika 73 (1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from harmaug.errors import DataError
from harmaug.guard.judge import Judgement
from harmaug.guard.settings import GuardSettings
from harmaug.guard.tail import Tail
from harmaug.scoring import FloatArray, log_odds_of


@dataclass(frozen=True)
class Rule:
    """How windows count together: what is less rare than `least` loses `margin` of depth."""

    tail: Tail
    least: float = 0.0
    margin: float = 0.0

    @classmethod
    def for_texts(cls, settings: GuardSettings) -> Rule:
        """The rule for what is no document: an exponential tail."""
        return cls(Tail.exponential(settings.tail_scale))

    @classmethod
    def for_documents(cls, settings: GuardSettings) -> Rule:
        """The rule for documents: the tail that was measured, and their rate."""
        if settings.document_rate is None:
            return cls(settings.document_tail)
        least = -log(settings.document_rate)
        lowest = log_odds_of(np.array([settings.least_threshold]))
        depth = float(settings.document_tail.depth(lowest)[0])
        return cls(settings.document_tail, least, max(0.0, least - depth))

    def combine(self, log_odds: FloatArray) -> float:
        """Combine the log-odds of n windows of one input, shape (n,), into one."""
        count = len(log_odds)
        if count == 1:
            return float(log_odds[0])
        ordered = np.sort(log_odds)[::-1]
        rarity = (self.tail.depth(ordered) - np.log(count / np.arange(1, count + 1))).max()
        if rarity < self.least:
            rarity -= self.margin
        return float(self.tail.log_odds(np.array([rarity]))[0])


@dataclass(frozen=True)
class Rules:
    """The rules of one guard; texts of `document_tokens` or more are documents."""

    text: Rule
    document: Rule
    document_tokens: int

    @classmethod
    def of(cls, settings: GuardSettings) -> Rules:
        """The rules that settings hold."""
        texts, documents = Rule.for_texts(settings), Rule.for_documents(settings)
        return cls(texts, documents, settings.document_tokens)

    def log_odds(self, judged: Judgement) -> float:
        """The log-odds of one input, of as many windows as it has."""
        rule = self.document if judged.tokens >= self.document_tokens else self.text
        return rule.combine(np.array(judged.log_odds))


def measured(
    settings: GuardSettings, windows: Sequence[float], rate: float, from_tokens: int
) -> GuardSettings:
    """Settings that keep the false positives of long documents to `rate`.

    Args:
        settings: of the guard that scored the windows.
        windows: the log-odds of every window of harmless documents.
        rate: the share of such documents that may reach a threshold, between 0 and 1.
        from_tokens: how long a text is a document.

    Raises:
        DataError: without windows.
    """
    if not windows:
        raise DataError("there are no documents to measure: give harmless texts")
    return replace(
        settings,
        tail=Tail.measured(np.array(windows)).quantiles,
        document_rate=rate,
        document_threshold=min(settings.thresholds.values()),
        document_tokens=from_tokens,
    )
