"""What a caller gives, as the guard reads it: checked, plain text, each place traceable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harmaug.errors import DataError
from harmaug.guard.verdict import TextSpan
from harmaug.scoring import TextPair
from harmaug.text import Aligned, normalise_aligned
from harmaug.text.plain import encodable

PlainPair = tuple[Aligned, Aligned | None]


def plain_pairs(
    pairs: Sequence[TextPair | str], neutral: Callable[[str], str], *, normalise: bool
) -> list[PlainPair]:
    """Check texts and take disguises off them (`harmaug.text`), or leave them as they are.

    `neutral` breaks apart what spells control tokens; lone surrogates become question marks.

    Raises:
        DataError: when there is anything but a list of prompts and pairs.
    """
    if isinstance(pairs, str):
        raise DataError("give a list of prompts or pairs, or use check() for one text")

    def plain(text: str) -> Aligned:
        text = encodable(text)
        aligned = normalise_aligned(text) if normalise else Aligned(text, None)
        return aligned.spaced(neutral(aligned.text))

    return [
        (plain(prompt), None if response is None else plain(response))
        for prompt, response in map(_checked, pairs)
    ]


def texts_of(plain: PlainPair) -> TextPair:
    """Return what the model reads."""
    prompt, response = plain
    return prompt.text, None if response is None else response.text


def source_of(plain: PlainPair, span: TextSpan) -> TextSpan:
    """Return where a span of what the model reads stands in what the caller gave."""
    aligned = plain[0] if span.text == "prompt" or plain[1] is None else plain[1]
    return TextSpan(span.text, *aligned.source(span.start, span.end))


def _checked(pair: TextPair | str) -> TextPair:
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
