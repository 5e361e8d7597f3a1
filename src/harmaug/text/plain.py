"""Undoing what hides words from a guard: the same words in plain letters.

Rules, in order, repeated until nothing changes (so that normalising twice changes nothing):

1. invisible and bidirectional control characters and variation selectors are removed;
2. compatibility forms (full-width, mathematical, circled, ligatures) become plain ones (NFKC),
   unless one character would become more than four; marks go from the 31st in a row on;
3. other dress of Latin letters (small capitals, tag characters) becomes plain letters;
4. floods of combining marks (two or more on a character, or any that strikes through) go;
5. four or more single letters in a row with the same thing between them ("b o m b", "b.o.m.b",
   "b — o — m — b"; not an apostrophe, which words have)
   are joined, a different gap ("h o w  t o") being a space; alphabetical runs ("a b c d") stay;
6. Cyrillic and Greek look-alikes become Latin letters in words that are otherwise Latin, and
   in words made of perfect twins only where most letters of the text are Latin (of one letter:
   four in five);
7. digits become letters in sentences that are spelt with them throughout ("h0w t0 m4k3");
8. emoji and symbols glued to letters are set apart: no tokenizer knows a word with an emoji.

A few digits for letters in a sentence ("a b0mb") stay: undoing them damages codes, numbers and
names, and the guard is trained on them instead. Words reversed or written one letter a line stay
as well. Plain ASCII text without runs of single letters or digits in words passes at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable

from harmaug.text.aligned import Aligned, Edit, follow, rewrite
from harmaug.text.compatibility import FLOOD, RUN, plain_forms, thinned
from harmaug.text.leetspeak import TELLING, digits_for_letters
from harmaug.text.lookalikes import NEAR, STYLED, TWINS

Rule = Callable[[str], "list[Edit]"]


def normalise(text: str) -> str:
    """Return the same words in plain letters, by the rules of this file."""
    if is_plain(text):
        return text
    return _apply_rules(text, None)[0]


def normalise_aligned(text: str) -> Aligned:
    """Normalise, keeping where each character came from."""
    if is_plain(text):
        return Aligned(text, None)
    plain, origin = _apply_rules(text, list(range(len(text) + 1)))
    return Aligned(plain, None if plain == text or origin is None else tuple(origin))


def encodable(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes, by question marks; lengths stay."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def is_plain(text: str) -> bool:
    """Whether no rule can apply: ASCII without runs of single letters or digits in words."""
    return text.isascii() and _SPACED.search(text) is None and TELLING.search(text) is None


def _apply_rules(text: str, origin: list[int] | None) -> tuple[str, list[int] | None]:
    before = None
    while text != before:
        before = text
        for rule in _RULES:
            edits = rule(text)
            if edits:
                origin = None if origin is None else follow(origin, text, edits)
                text = rewrite(text, edits)
    return text, origin


def _substitute(pattern: re.Pattern[str], text: str, new: Callable[[str], str]) -> list[Edit]:
    edits = []
    for match in pattern.finditer(text):
        replacement = new(match.group())
        if replacement != match.group():
            edits.append(Edit(match.start(), match.end(), replacement))
    return edits


_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0001\U000e007f\U000e0100-\U000e01ef]+"
)
_STYLED = re.compile(f"[{''.join(map(chr, STYLED))}]")
_MARK = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
_STRIKE = "\u0334-\u0338\u20d2\u20d3\u20d8-\u20da\u20e5-\u20eb"
_MARKS = re.compile(f"[{_MARK}]*[{_STRIKE}][{_MARK}]*|[{_MARK}]{{2,}}")
_WORD = re.compile(r"[^\W\d_]+")
_SYMBOL = "[\u2190-\u2bff\U0001f000-\U0001faff]"
_GLUED = re.compile(rf"(?<=\w)(?={_SYMBOL})|(?<={_SYMBOL})(?=\w)")
_TWIN_SCRIPT = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_GAP = r"(?:[ ]?[.:!?\-‐-―−_*+=^|/\\~`\"#@&%$<>·•…][ ]?|[,;]|[ \t\u00a0]{1,4})"
_ALONE = r"(?![^\W_]|['’])"
_SPACED = re.compile(rf"(?<![^\W_])(?<!['’])[^\W\d_](?:{_GAP}[^\W\d_]{_ALONE}){{3,}}")
_GAPS = re.compile(_GAP)
_ARTICLE = re.compile(
    r"a(?=(?:[bcdfghjklmnprstvwz]|bl|br|ch|cl|cr|dr|fl|fr|gl|gr|pl|pr|qu|sc|sh|sk|sl|sm|sn|sp|st"
    r"|sw|th|tr|tw|wh|wr)[aeiouy])",
    re.IGNORECASE | re.ASCII,
)
_AFTER_A_WORD = re.compile(r"(\w+)\s+$")


def _invisible(text: str) -> list[Edit]:
    return _substitute(_INVISIBLE, text, lambda _: "")


def _floods(text: str) -> list[Edit]:
    return _substitute(FLOOD, text, thinned)


def _compatibility(text: str) -> list[Edit]:
    if unicodedata.is_normalized("NFKC", text):
        return []
    return _substitute(RUN, text, plain_forms)


def _styled(text: str) -> list[Edit]:
    return _substitute(_STYLED, text, lambda char: STYLED[ord(char)])


def _marks(text: str) -> list[Edit]:
    return _substitute(_MARKS, text, lambda _: "")


def _spaced(text: str) -> list[Edit]:
    edits = []
    for match in _SPACED.finditer(text):
        joined = _join(match.group(), text[max(0, match.start() - 20) : match.start()])
        if joined is not None:
            edits.append(Edit(match.start(), match.end(), joined))
    return edits


def _join(run: str, before: str) -> str | None:
    """Join spaced-out letters; None where the run is more likely a list than a word."""
    letters = _GAPS.sub("", run).lower()
    if list(letters) in (sorted(letters), sorted(letters, reverse=True)):
        return None
    words = _words(run)
    if max(map(len, words)) < 3 or 2 * sum(char.isascii() for char in letters) < len(letters):
        return None
    word = " ".join(words)
    previous = _AFTER_A_WORD.search(before)
    article = previous and previous[1].lower() != "to" and _ARTICLE.match(word)
    pronoun = word[0] == "I" and word[1:].islower()
    return f"{word[0]} {word[1:]}" if article or pronoun else word


def _words(run: str) -> list[str]:
    """Split a run of letters at the rarest gap that leaves the same gaps within each word."""
    gaps = Counter(_GAPS.findall(run))
    if len(gaps) == 1:
        return [_GAPS.sub("", run)]
    for between, _ in reversed(gaps.most_common()):
        words = re.split(rf"(?<=[^\W_]){re.escape(between)}(?=[^\W_])", run)
        if all(len(set(_GAPS.findall(word))) < 2 for word in words):
            return [_GAPS.sub("", word) for word in words]
    return [""]


def _twins(text: str) -> list[Edit]:
    if not _TWIN_SCRIPT.search(text):
        return []
    letters = [char.isascii() for char in text if char.isalpha()]
    mostly_latin = 2 * sum(letters) >= len(letters)
    nearly_all = 5 * sum(letters) >= 4 * len(letters)

    def latin(word: str) -> str:
        foreign = {ord(char) for char in word if not char.isascii()}
        if foreign and any(char.isascii() for char in word):
            return word.translate(NEAR) if foreign <= NEAR.keys() else word
        twins = (mostly_latin if len(word) > 1 else nearly_all) and foreign <= TWINS.keys()
        return word.translate(TWINS) if twins else word

    return _substitute(_WORD, text, latin)


def _glued(text: str) -> list[Edit]:
    return _substitute(_GLUED, text, lambda _: " ")


_RULES: tuple[Rule, ...] = (
    _invisible,
    _floods,
    _compatibility,
    _styled,
    _marks,
    _spaced,
    _twins,
    digits_for_letters,
    _glued,
)
