"""Token ids of prompts and prompt-response pairs, the same in training and in the guard.

A prompt alone is one sequence and a pair is two, each row by itself: one row gives the same ids
alone as in any batch, without padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer

from harmaug.scoring import TextPair
from harmaug.text.neutral import Neutral
from harmaug.text.plain import encodable


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one row and, for two-sequence models, which sequence each belongs to."""

    ids: tuple[int, ...]
    type_ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


class PairEncoder:
    """Encodes rows, without padding; make one and keep it.

    It works on a copy of the tokenizer, so that the caller's stays as it was, unless `own` hands
    the tokenizer over (the copy costs some 10 ms). Text that spells a special token ("[SEP]") is
    encoded as ordinary text; broken apart (`harmaug.text.neutral`) where the vocabulary would
    yield the token all the same. Tokenizers that put nothing between two sequences (decoders) get a
    blank line there. With `max_length` the longer of the two sequences loses its end first, as
    `longest_first` of `transformers` does. Safe to call from many threads.
    """

    def __init__(
        self, tokenizer: Tokenizer, max_length: int | None = None, *, own: bool = False
    ) -> None:
        self._tokenizer = tokenizer if own else Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_padding()
        if max_length is None:
            self._tokenizer.no_truncation()
        else:
            self._tokenizer.enable_truncation(max_length, strategy="longest_first")
        reached = _reached(self._tokenizer)
        self._neutral = Neutral.against(reached, self._tokenizer) if reached else None
        self._joined = self._tokenizer.num_special_tokens_to_add(True) == 0

    def __call__(self, pairs: Sequence[TextPair]) -> list[Encoded]:
        """Encode each (prompt, response or None) into its ids, without padding."""
        rows = [self._row(prompt, response) for prompt, response in pairs]
        return [_encoded(encoding) for encoding in self._tokenizer.encode_batch_fast(rows)]

    def plain(self, text: str) -> str:
        """Return a text as it is encoded: valid, and no control token spelled out."""
        return encodable(text) if self._neutral is None else self._neutral.text(text)

    def _row(self, prompt: str, response: str | None) -> str | tuple[str, str]:
        if response is None:
            return self.plain(prompt)
        prompt, response = self.plain(prompt), self.plain(response)
        return f"{prompt}\n\n{response}" if self._joined else (prompt, response)


def encode(
    tokenizer: Tokenizer, pairs: Sequence[TextPair], max_length: int | None = None
) -> list[Encoded]:
    """Encode pairs once; `PairEncoder` is for more than one call."""
    return PairEncoder(tokenizer, max_length)(pairs)


def _reached(tokenizer: Tokenizer) -> list[str]:
    """Return the special tokens that text can spell: Unigram models have them as pieces."""

    def ids(text: str) -> set[int]:
        return set(tokenizer.encode(text, add_special_tokens=False).ids)

    unknown = ids("\ue000")
    special = {
        number: token.content
        for number, token in tokenizer.get_added_tokens_decoder().items()
        if token.special and number not in unknown
    }
    return [
        text
        for number, text in special.items()
        if number in ids(text) | ids(f"a{text}a") | ids(f"a {text} a")
    ]


def _encoded(encoding: Encoding) -> Encoded:
    return Encoded(tuple(encoding.ids), tuple(encoding.type_ids))
