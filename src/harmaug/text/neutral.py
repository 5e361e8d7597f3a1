"""Text of a user that goes into a template or a row: what spells a control token is broken apart.

A tokenizer reads `<|eot_id|>` in a prompt as the end of the turn, and what follows it as the
template's own. `< |eot_id|>` is text to every tokenizer and to every server, and means the same to
who reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tokenizers import Tokenizer

from harmaug.scoring import TextPair
from harmaug.text.plain import encodable


@dataclass(frozen=True)
class Neutral:
    """Breaks apart what `spelling` matches, also where it only matches once normalised."""

    spelling: re.Pattern[str]
    normalise: Callable[[str], str] | None = None

    @classmethod
    def against(cls, tokens: Iterable[str], tokenizer: Tokenizer) -> Neutral:
        """Take what no text may spell, single characters left out, to a tokenizer's own reading."""
        spellings = sorted((token for token in tokens if len(token) > 1), key=len, reverse=True)
        normalizer = tokenizer.normalizer
        return cls(
            re.compile("|".join(map(re.escape, spellings)) or "(?!)"),
            None if normalizer is None else normalizer.normalize_str,
        )

    def pair(self, pair: TextPair) -> TextPair:
        """Return a pair whose texts are nothing but text."""
        prompt, response = pair
        return self.text(prompt), None if response is None else self.text(response)

    def text(self, text: str) -> str:
        """Return the text with a space after the first character of each control token.

        Lone surrogates, which no tokenizer takes, become question marks.
        """
        text = self._broken(encodable(text))
        if self.normalise is not None:
            flat = self.normalise(text)  # such as "＜/s＞" or "</S>", which becomes "</s>"
            if self.spelling.search(flat):
                return self._broken(flat)
        return text

    def _broken(self, text: str) -> str:
        while self.spelling.search(text):  # a break can join what stands around it, as in <<s>s>
            text = self.spelling.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text
