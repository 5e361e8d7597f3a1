"""Reading what is longer than the model's window: nothing is truncated.

A prompt alone is cut into windows that overlap by an eighth, or by up to a quarter where that lets
the next one start with a sentence: so a sentence of a quarter of a window stands whole in one of
them. Of a pair, each window shows one stretch of one text beside the other text, or beside the
head and tail of it where it is longer than a quarter of the window: so the response is always
judged with its prompt, and a prompt with its response. A text that already stands whole in the
windows of the other gets none of its own. Of a conversation's last turn, each window shows one
stretch after the head and tail of the turns before, as much as there is room for, or a quarter of
the window. The number of windows, and with it the cost, grows linearly with the length.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tokenizers import Tokenizer

from harmaug.guard.verdict import TextSpan
from harmaug.scoring import TextPair

GAP = " ... "
"""Stands where the middle of a context is left out."""

_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]]*\s+|\n\s*""")

_SLACK = 8
"""Tokens kept free: a stretch encoded by itself may cost a few more than inside its text."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one forward pass reads, and the stretch of the texts that it is there for.

    Earlier turns of the conversation stand before the stretch, in `lead` characters.
    """

    pair: TextPair
    span: TextSpan
    lead: int = 0


@dataclass(frozen=True)
class Windower:
    """Cuts pairs that are longer than `size` tokens, special tokens included."""

    tokenizer: Tokenizer
    size: int

    def windows(self, pair: TextPair, history: int = 0) -> list[Window]:
        """Return the windows of a pair, in the order of the texts, the prompt's first.

        Of a prompt alone the first `history` characters are context, and are cut as such.
        """
        prompt, response = pair
        if response is None:
            return self._last_turn(prompt, history)
        tokens = _Tokens.of(self.tokenizer, prompt)
        answer = _Tokens.of(self.tokenizer, response)
        quarter = self.size // 4
        shown_prompt, shown_answer = tokens.context(quarter), answer.context(quarter)
        result = []
        if len(tokens) > quarter or len(answer) <= quarter:
            room = self._room(pair) - min(len(answer), quarter)
            result += [
                Window((prompt[start:end], shown_answer), TextSpan("prompt", start, end))
                for start, end in tokens.cuts(room)
            ]
        if len(answer) > quarter:
            room = self._room(pair) - min(len(tokens), quarter)
            result += [
                Window((shown_prompt, response[start:end]), TextSpan("response", start, end))
                for start, end in answer.cuts(room)
            ]
        return result

    def _last_turn(self, prompt: str, history: int) -> list[Window]:
        before = _Tokens.of(self.tokenizer, prompt[:history])
        turn = _Tokens.of(self.tokenizer, prompt[history:])
        room = self._room((prompt, None))
        budget = max(self.size // 4, room - len(turn))
        lead = before.context(budget)
        return [
            Window(
                (lead + turn.text[start:end], None),
                TextSpan("prompt", history + start, history + end),
                len(lead),
            )
            for start, end in turn.cuts(room - min(len(before), budget))
        ]

    def _room(self, pair: TextPair) -> int:
        specials = self.tokenizer.num_special_tokens_to_add(pair[1] is not None)
        return self.size - int(specials) - _SLACK


@dataclass(frozen=True)
class _Tokens:
    """A text with the character spans of its words and how many tokens come before each."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    before: Sequence[int]

    @classmethod
    def of(cls, tokenizer: Tokenizer, text: str) -> _Tokens:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        starts: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        last = None
        for index, ((start, end), word) in enumerate(
            zip(encoding.offsets, encoding.word_ids, strict=True)
        ):
            # A word of many pieces may be cut, so that none outgrows the window.
            if word is None or word != last or index - before[-1] >= _SLACK:
                starts.append(start)
                ends.append(end)
                before.append(index)
            ends[-1] = end
            last = word
        return cls(text, starts, ends, [*before, len(encoding.ids)])

    def __len__(self) -> int:
        return self.before[-1]

    def cuts(self, room: int) -> list[tuple[int, int]]:
        """Character spans of at most `room` tokens; the next starts before the last one ends.

        By an eighth of `room`, or up to a quarter where a sentence starts there.
        """
        if not self.starts:
            return [(0, len(self.text))]
        spans, first = [], 0
        while True:
            last = bisect_right(self.before, self.before[first] + room) - 1
            spans.append((self.starts[first], self.ends[last - 1]))
            if last == len(self.starts):
                break
            first = self._next(first, last, room)
        spans[0] = (0, spans[0][1])
        spans[-1] = (spans[-1][0], len(self.text))
        return spans

    def _next(self, first: int, last: int, room: int) -> int:
        """The word that starts the window after the one from word `first` to before `last`."""
        overlap, end = room // 8, self.before[last]
        latest = bisect_right(self.before, end - overlap) - 1
        start = self._sentence(end - 2 * overlap, end - overlap, latest)
        least = len(self) - room
        if self.before[start] > least:  # the last window: as long as the others
            most = min(least + overlap, self.before[start])
            start = self._sentence(least, most, bisect_left(self.before, least))
        return max(first + 1, start)

    def _sentence(self, least: int, most: int, otherwise: int) -> int:
        """The last word with so many tokens before it that starts a sentence."""
        place = bisect_right(self._sentences, most, key=self.before.__getitem__) - 1
        found = self._sentences[place] if place >= 0 else 0
        return found if self.before[found] >= least else otherwise

    @cached_property
    def _sentences(self) -> Sequence[int]:
        """The words that start a sentence or a line."""
        ends = (match.end() for match in _SENTENCE_END.finditer(self.text))
        return [bisect_right(self.starts, end) - 1 for end in ends]

    def context(self, budget: int) -> str:
        """The text, or its head and tail in equal parts where it has more tokens than that."""
        if len(self) <= budget:
            return self.text
        half = (budget - 4) // 2
        head = bisect_right(self.before, half) - 1
        tail = bisect_left(self.before, len(self) - half)
        # In a very small window the first or last word alone may be more than its part.
        start, end = [0, *self.ends][head], [*self.starts, len(self.text)][tail]
        return self.text[:start] + GAP + self.text[end:]
