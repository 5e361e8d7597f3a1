"""How many tokens a model reads of a text: by its tokenizer where it is here, else by characters.

Templates and special tokens are counted, padding is not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from harmaug.guard.window import Windower
from harmaug.llm.template import render
from harmaug.scoring import TextPair
from harmaug.text import Message, PairEncoder, normalise

CHARACTERS_PER_TOKEN = 4.2
"""English with a vocabulary of 30,000 to 256,000: an assumption, where no tokenizer is here."""

Chat = tuple[Sequence[Message], str | None]
"""Messages and the prefill that a model has to continue."""


@dataclass(frozen=True)
class Reading:
    """A tokenizer, or None; `template` is the tokens around a user turn where there is none."""

    tokenizer: PreTrainedTokenizerBase | None
    template: int

    def text_tokens(self, text: str) -> float:
        """Return the tokens of a text by itself."""
        if self.tokenizer is None:
            return len(text) / CHARACTERS_PER_TOKEN
        return float(len(self.tokenizer(text, add_special_tokens=False)["input_ids"]))

    def chat_tokens(self, messages: Sequence[Message], prefill: str | None) -> float:
        """Return the tokens of a rendered conversation."""
        if self.tokenizer is not None:
            return self.text_tokens(render(self.tokenizer, messages, prefill))
        texts = [*(message["content"] for message in messages), prefill or ""]
        return self.template + sum(self.text_tokens(text) for text in texts)

    def pair_tokens(self, pairs: Sequence[TextPair], most: int | None) -> list[float]:
        """Return the tokens of each pair as classifiers read it, at most `most`."""
        plain = [(normalise(prompt), answer and normalise(answer)) for prompt, answer in pairs]
        if isinstance(self.tokenizer, PreTrainedTokenizerFast):
            encoder = PairEncoder(self.tokenizer.backend_tokenizer, most)
            return [float(len(row)) for row in encoder(plain)]
        found = [
            self.text_tokens(prompt) + 2 + (0 if answer is None else 1 + self.text_tokens(answer))
            for prompt, answer in plain
        ]
        return found if most is None else [min(length, float(most)) for length in found]

    def window_tokens(self, pairs: Sequence[TextPair], most: int | None) -> list[float]:
        """Return the tokens of every pass over the pairs: what is longer than `most` in windows.

        Without a tokenizer the windows are equal and their overlap is not counted.
        """
        whole = self.pair_tokens(pairs, None)
        if most is None:
            return whole
        if not isinstance(self.tokenizer, PreTrainedTokenizerFast):
            return [part for length in whole for part in _parts(length, most)]
        windower = Windower(self.tokenizer.backend_tokenizer, most)
        passes = [length for length in whole if length <= most]
        for (prompt, answer), length in zip(pairs, whole, strict=True):
            if length > most:
                plain = (normalise(prompt), answer and normalise(answer))
                windows = [window.pair for window in windower.windows(plain)]
                passes.extend(self.pair_tokens(windows, most))
        return passes

    def cut(self, text: str, tokens: int) -> str:
        """Return the first `tokens` tokens of a text."""
        if self.tokenizer is None:
            return text[: int(tokens * CHARACTERS_PER_TOKEN)]
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return str(self.tokenizer.decode(ids[:tokens], skip_special_tokens=True))


def _parts(length: float, most: int) -> list[float]:
    parts = max(1, math.ceil(length / most))
    return [length / parts] * parts


def reading_of(reference: str, template: int) -> Reading:
    """Return how a model reads: with the tokenizer of its folder or in the hub's cache, if any."""
    folder = Path(reference)
    if folder.is_dir() and not (folder / "tokenizer_config.json").is_file():
        return Reading(None, template)
    try:
        return Reading(AutoTokenizer.from_pretrained(reference, local_files_only=True), template)
    except (OSError, ValueError, KeyError):
        return Reading(None, template)
