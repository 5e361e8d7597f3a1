"""From pairs of any length to the calibrated log-odds of their windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from harmaug.guard.engine import Engine, Wanted
from harmaug.guard.scope import Scope
from harmaug.guard.settings import GuardSettings
from harmaug.guard.window import Window, Windower
from harmaug.scoring import FloatArray, TextPair
from harmaug.text import Encoded, Exchange, PairEncoder

_CHUNK = 4096
"""Rows that are encoded and sorted together: memory stays bounded over any number of rows."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The log-odds of what was read at once, or those of its windows; and the tokens judged.

    `known`: none of the tokens is the one that stands for what the vocabulary lacks.
    """

    log_odds: tuple[float, ...]
    windows: tuple[Window, ...] = ()
    tokens: int = 0
    known: bool = False

    def highest(self) -> Window | None:
        """The window with the highest log-odds; None when all was read at once."""
        if not self.windows:
            return None
        return self.windows[int(np.argmax(self.log_odds))]


class Judge:
    """Tokenizer, windows, model and temperature put together."""

    def __init__(
        self, tokenizer: Tokenizer, engine: Engine, settings: GuardSettings, scope: Scope
    ) -> None:
        self._encode = PairEncoder(tokenizer, own=True)
        self._windower = Windower(tokenizer, settings.window)
        self._engine = engine
        self._settings = settings
        self._scope = scope

    def neutral(self, text: str) -> str:
        """Return a text as it will be encoded; windows are to be cut in this one."""
        return self._encode.plain(text)

    def judge(self, inputs: Sequence[Exchange], wanted: Wanted | None = None) -> list[Judgement]:
        """Judge normalised and neutral texts, in order, as long as they are `wanted`."""
        result: list[Judgement] = []
        for start in range(0, len(inputs), _CHUNK):
            result += self._chunk(inputs[start : start + _CHUNK], wanted)
        return result

    def at_once(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Calibrated log-odds of pairs that fit one window, shape (n,); the rest is cut off."""
        return self._scores([self._fit(row) for row in self._encode(pairs)])

    def _chunk(self, inputs: Sequence[Exchange], wanted: Wanted | None) -> list[Judgement]:
        rows = self._encode([each.pair for each in inputs])
        windows = [
            self._windower.windows(each.pair, each.history)
            if len(row) > self._settings.window
            else []
            for each, row in zip(inputs, rows, strict=True)
        ]
        flat: list[Encoded] = []
        for row, cut in zip(rows, windows, strict=True):
            flat += self._encode([window.pair for window in cut]) if cut else [row]
        scores = self._scores([self._fit(row) for row in flat], wanted)
        result, place = [], 0
        for each, row, cut in zip(inputs, rows, windows, strict=True):
            own = scores[place : place + max(1, len(cut))]
            place += len(own)
            tokens = self._turn_tokens(each) if cut and each.history else len(row)
            known = self._scope.unknown_token not in row.ids
            result.append(Judgement(tuple(own.tolist()), tuple(cut), tokens, known))
        return result

    def _turn_tokens(self, given: Exchange) -> int:
        """The tokens of the last turn: a short one after a long history is no document."""
        (row,) = self._encode([(given.prompt[given.history :], None)])
        return len(row)

    def _fit(self, row: Encoded) -> Encoded:
        """Cut off what a window has too much: no more than tokens that came apart at its edge."""
        size = self._settings.window
        return row if len(row) <= size else Encoded(row.ids[:size], row.type_ids[:size])

    def _scores(self, rows: Sequence[Encoded], wanted: Wanted | None = None) -> FloatArray:
        raw = self._engine.log_odds(rows, wanted)
        return np.asarray(raw / self._settings.temperature, dtype=np.float64)
