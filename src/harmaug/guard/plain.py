"""What a caller gives, as the guard reads it: checked, plain text, each place traceable."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from harmaug.errors import DataError
from harmaug.guard.verdict import TextSpan
from harmaug.scoring import TextPair
from harmaug.text import Aligned, Exchange, normalise_aligned
from harmaug.text.plain import encodable

Input = TextPair | Exchange | str
"""What can be judged: a pair, a conversation (`harmaug.text.conversation`), a prompt alone."""


@dataclass(frozen=True, slots=True)
class Plain:
    """One input as the caller gave it, and its texts as the model reads them."""

    given: Exchange
    prompt: Aligned
    response: Aligned | None

    @property
    def read(self) -> Exchange:
        """What the model reads."""
        origin, history = self.prompt.origin, self.given.history
        if origin is not None:
            history = bisect_left(origin, history)
        response = None if self.response is None else self.response.text
        return Exchange(self.prompt.text, response, history)

    def source(self, span: TextSpan) -> TextSpan:
        """Return where a span of what the model reads stands in what the caller gave."""
        aligned = self.response if span.text == "response" else self.prompt
        return TextSpan(span.text, *(aligned or self.prompt).source(span.start, span.end))


def plain_inputs(
    inputs: Iterable[Input], neutral: Callable[[str], str], *, normalise: bool
) -> list[Plain]:
    """Check texts and take disguises off them (`harmaug.text`), or leave them as they are.

    `neutral` breaks apart what spells control tokens; lone surrogates become question marks.

    Raises:
        DataError: when there is anything but a list of prompts and pairs.
    """
    if not isinstance(inputs, Iterable) or isinstance(inputs, str | bytes | Mapping):
        raise DataError("give a list of prompts or pairs, or use check() for one text")
    if isinstance(inputs, tuple) and len(inputs) == 2 and isinstance(inputs[0], str):
        raise DataError("give a list, [(prompt, response)], or use check() for one pair")

    def plain(text: str) -> Aligned:
        text = encodable(text)
        aligned = normalise_aligned(text) if normalise else Aligned(text, None)
        return aligned.spaced(neutral(aligned.text))

    return [
        Plain(
            given,
            plain(given.prompt),
            None if given.response is None else plain(given.response),
        )
        for given in map(_checked, inputs)
    ]


def _checked(given: Input) -> Exchange:
    if isinstance(given, Exchange):
        return given
    if isinstance(given, str):
        return Exchange(given)
    if (
        isinstance(given, tuple | list)
        and len(given) == 2
        and isinstance(given[0], str)
        and isinstance(given[1], str | None)
    ):
        return Exchange(given[0], given[1])
    raise DataError("each row is a prompt or (prompt, response), as text; response may be None")
