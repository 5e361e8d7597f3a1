"""What a guard cannot judge: text that it was not trained on and so would call safe by accident.

Four tests, each with a reason in words: characters that the tokenizer does not know or drops,
letters of other scripts, other languages in Latin letters, and encoded data. They only mark; a
text that scores as harmful is flagged as well. A long text is tested page by page, so that a
foreign page in an English book is not passed over, and a list of names in it is not taken for one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tokenizers import Tokenizer
from tokenizers.models import BPE, WordLevel, WordPiece

from harmaug.guard.language import foreign, words_of
from harmaug.guard.verdict import Side
from harmaug.scoring import TextPair

_MOSTLY = 0.3
"""A share that is past chance: a name, a quotation or an emoji in English text stays below."""

_PAGE = 1200
"""Characters that are tested together where a text is long; the next page starts halfway."""

_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_UNBROKEN = re.compile(
    r"(?<![\w/])(?=[\w+]*\d)[A-Za-z0-9+/]{32,}={0,2}|\S{200,}"
    r"|(?<![\w/])(?=[A-Za-z+/]*\d)(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])[A-Za-z0-9+/]{20,}={0,2}"
    r"|\b(?:[01]{7,8}\s+){2,}[01]{7,8}\b|\b(?:(?:0x)?[0-9a-fA-F]{2}[\s,:]+){9,}[0-9a-fA-F]{2}\b"
    r"|(?:[.-]{1,5}[ /]+){8,}"
)
"""Base64, binary, hexadecimal and Morse."""
_PRINTED = re.compile(r"[!-~\s]*")
"""ASCII without control characters."""
_ASCII = " ".join(map(chr, range(33, 127)))
_RULE = re.compile(r"([^\w\s])\1{3,}")
"""Lines drawn in a table are no data."""


@dataclass(frozen=True)
class Scope:
    """The tests for a guard trained on English, or (`english` False) on any language."""

    tokenizer: Tokenizer
    english: bool = True

    def reasons(self, pair: TextPair, *, known: bool = False) -> tuple[str, ...]:
        """Say why a normalised pair cannot be judged, once for each text and reason.

        `known`: whoever encoded the pair saw no unknown token, so that plain text is not encoded
        once more.
        """
        prompt, response = pair
        texts: dict[Side, str] = {"prompt": prompt, "response": response or ""}
        if not prompt.strip() and not texts["response"].strip():
            return ("there is no text",)
        found = (
            (side, self.reason(text[start : start + _PAGE], known=known))
            for side, text in texts.items()
            for start in range(0, max(1, len(text) - _PAGE // 2), _PAGE // 2)
        )
        return tuple(dict.fromkeys(f"{side}: {reason}" for side, reason in found if reason))

    def reason(self, text: str, *, known: bool = False) -> str | None:
        """Say why a normalised text cannot be judged, None when it can (or is empty)."""
        size = _visible(text)
        if size == 0:
            return None
        plain = known and self._keeps_ascii and _PRINTED.fullmatch(text)
        if not plain and self._unknown(text) > _MOSTLY * size:
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

    def _pieces(self, text: str) -> list[int]:
        """How many tokens each word of a text has."""
        words = self.tokenizer.encode(text, add_special_tokens=False).word_ids
        return list(Counter(words).values())

    def _unknown(self, text: str) -> int:
        """How many characters stand in unknown tokens or, dropped by the tokenizer, in none."""
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        unknown = sum(
            _visible(text[start:end])
            for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
            if token == self.unknown_token
        )
        return unknown + _dropped(text, encoding.offsets)

    @cached_property
    def unknown_token(self) -> int | None:
        """The id that stands for what the vocabulary lacks, None where it lacks nothing."""
        model = self.tokenizer.model
        if isinstance(model, WordPiece | WordLevel | BPE):
            return None if model.unk_token is None else self.tokenizer.token_to_id(model.unk_token)
        # The library tells a unigram model's unknown piece nowhere else.
        unknown = json.loads(self.tokenizer.to_str())["model"].get("unk_id")
        return unknown if isinstance(unknown, int) else None

    @cached_property
    def _keeps_ascii(self) -> bool:
        """Whether the tokenizer has each ASCII character in a token, if an unknown one."""
        encoding = self.tokenizer.encode(_ASCII, add_special_tokens=False)
        return _dropped(_ASCII, encoding.offsets) == 0


def _visible(text: str) -> int:
    return sum(map(len, text.split()))


def _dropped(text: str, tokens: Sequence[tuple[int, int]]) -> int:
    """How many characters stand in no token."""
    count = last = 0
    for start, end in tokens:
        count += _visible(_after_marks(text, last, start))
        last = max(last, end)
    return count + _visible(_after_marks(text, last, len(text)))


def _after_marks(text: str, start: int, end: int) -> str:
    """What stands between two tokens; combining marks belong to the character before them."""
    while 0 < start < end and unicodedata.category(text[start])[0] == "M":
        start += 1
    return text[start:end]


def _other_script(text: str) -> float:
    letters = len(_LETTER.findall(text))
    return 1.0 - len(_LATIN.findall(text)) / letters if letters else 0.0
