"""What a guard cannot judge: text that it was not trained on and so would call safe by accident.

Four tests, each with a reason in words: characters that the tokenizer does not know, letters of
other scripts, other languages in Latin letters, and long unbroken strings (encoded data). They
only mark; a text that scores as harmful is flagged as well. A text that is read in windows is
tested page by page, so that a foreign page in an English book is not passed over, and a list of
names in it is not taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tokenizers import Tokenizer

from harmaug.guard.judge import Judgement
from harmaug.guard.language import foreign, words_of
from harmaug.guard.verdict import Side, TextSpan
from harmaug.scoring import TextPair

_MOSTLY = 0.3
"""A share that is past chance: a name, a quotation or an emoji in English text stays below."""

_PAGE = 1200
"""Characters that are tested together where a text is long; the next page starts halfway."""

_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_UNBROKEN = re.compile(r"(?<![\w/])(?=[\w+]*\d)[A-Za-z0-9+/]{32,}={0,2}|\S{200,}")
_RULE = re.compile(r"([^\w\s])\1{3,}")
"""Lines drawn in a table are no data."""


@dataclass(frozen=True)
class Scope:
    """The tests for a guard trained on English, or (`english` False) on any language."""

    tokenizer: Tokenizer
    english: bool = True

    def reasons(self, pair: TextPair, judged: Judgement) -> tuple[str, ...]:
        """Say why a normalised pair cannot be judged, once for each text and reason."""
        prompt, response = pair
        texts: dict[Side, str] = {"prompt": prompt, "response": response or ""}
        if not prompt.strip() and not texts["response"].strip():
            return ("there is no text",)
        cut = {window.span.text for window in judged.windows}
        stretches = [
            TextSpan(side, 0, len(text)) for side, text in texts.items() if side not in cut
        ]
        stretches += [
            TextSpan(side, start, start + _PAGE)
            for side in sorted(cut)
            for start in range(0, max(1, len(texts[side]) - _PAGE // 2), _PAGE // 2)
        ]
        found = (
            (span.text, self.reason(texts[span.text][span.start : span.end], judged.unknown))
            for span in stretches
        )
        return tuple(dict.fromkeys(f"{side}: {reason}" for side, reason in found if reason))

    def reason(self, text: str, unknown: bool = True) -> str | None:
        """Say why a normalised text cannot be judged, None when it can (or is empty).

        `unknown` False tells that all of its tokens are known.
        """
        size = sum(map(len, text.split()))
        if size == 0:
            return None
        if unknown and self._unknown(text) > _MOSTLY * size:
            return "mostly characters that the tokenizer does not know"
        if 2 * sum(map(len, _UNBROKEN.findall(_RULE.sub(r"\1", text)))) > size:
            return "mostly unbroken strings, perhaps encoded data"
        return self._not_english(text) if self.english else None

    def _not_english(self, text: str) -> str | None:
        if not text.isascii() and _other_script(text) > _MOSTLY:
            return "mostly letters of another script; the guard was trained on English"
        if foreign(words_of(text), self._pieces):
            return "not English words; the guard was trained on English"
        return None

    def _pieces(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def _unknown(self, text: str) -> int:
        """How many characters stand in unknown tokens."""
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        unknown = self.tokenizer.token_to_id("[UNK]")
        if unknown is None or unknown not in encoding.ids:
            return 0
        pieces = zip(encoding.ids, encoding.offsets, strict=True)
        return sum(end - start for token, (start, end) in pieces if token == unknown)


def _other_script(text: str) -> float:
    letters = len(_LETTER.findall(text))
    return 1.0 - len(_LATIN.findall(text)) / letters if letters else 0.0
