"""How many tokens a guard reads of an example, and how many of them are the example's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tokenizers import Tokenizer

from harmaug.evaluate.sources import GuardSource
from harmaug.guard.window import Windower
from harmaug.scoring import Scorer, TextPair
from harmaug.text import PairEncoder, normalise


@dataclass(frozen=True)
class Read:
    """Tokens of each forward pass over one example, and the tokens of its own text."""

    windows: tuple[int, ...]
    content: int


@runtime_checkable
class CountsTokens(Protocol):
    """A scorer that can say how long its input is, template and all."""

    def token_counts(self, pairs: Sequence[TextPair]) -> list[tuple[tuple[int, ...], int]]:
        """Return (tokens of each forward pass, tokens of the pair's own text) of each pair."""
        ...


def lengths(
    source: GuardSource, load: Callable[[], Scorer], pairs: Sequence[TextPair]
) -> list[Read] | None:
    """Count the tokens of each pair, None where a guard's way of reading is not known.

    `load` is only called for a guard that has to be asked.
    """
    if source.teacher is None:
        files = source.files()
        return _of_guard(files.tokenizer(), files.settings().window, pairs)
    scorer = load()
    if isinstance(scorer, CountsTokens):
        return [Read(windows, content) for windows, content in scorer.token_counts(pairs)]
    return None


def _of_guard(tokenizer: Tokenizer, window: int, pairs: Sequence[TextPair]) -> list[Read]:
    plain = [(normalise(prompt), response and normalise(response)) for prompt, response in pairs]
    encoder, windower = PairEncoder(tokenizer), Windower(tokenizer, window)
    cut = PairEncoder(tokenizer, window)
    found = []
    for pair, row in zip(plain, encoder(plain), strict=True):
        content = len(row) - tokenizer.num_special_tokens_to_add(pair[1] is not None)
        if len(row) <= window:
            found.append(Read((len(row),), content))
        else:
            windows = cut([part.pair for part in windower.windows(pair)])
            found.append(Read(tuple(len(part) for part in windows), content))
    return found
