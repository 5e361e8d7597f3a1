"""What a causal teacher is asked: its family's own code, over a reader that counts and reads not.

So the texts are those that the family would feed, however many it makes of a row and whatever it
has written before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from harmaug.config import TeacherConfig
from harmaug.plan.models import Model
from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.teachers.load import CAUSAL
from harmaug.teachers.reading import Answers

LINE = " None\n"
"""What stands for a line that the model would write."""

SPACED = ("yes", "no", "Safe", "Unsafe", "Controversial")
"""Answers that some family looks up with the space before them."""

PLAIN_CHAT = "{{ guideline }}{% for message in messages %}{{ message['content'] }}\n{% endfor %}"


@dataclass(frozen=True)
class Asked:
    """Tokens of each text whose next token is read, and (tokens, most written) of the continued."""

    read: tuple[float, ...]
    continued: tuple[tuple[float, float], ...]


def asked(config: TeacherConfig, family: str, model: Model, pairs: Sequence[TextPair]) -> Asked:
    """Return what a teacher is asked about pairs.

    Of each line that it writes the most is counted, since how long it is the model alone knows.

    Raises:
        ModelError: when the tokenizer is not one of the family.
    """
    reader = CountingReader(config, model)
    teacher = CAUSAL.load(family)(reader)
    reader.forget()  # a family may try the model when it is loaded
    teacher.log_odds(pairs)
    return Asked(tuple(reader.read), tuple(reader.continued))


class CountingReader:
    """A reader without a model: every answer is the safe one, every written line the same."""

    def __init__(self, config: TeacherConfig, model: Model) -> None:
        self.config = config
        self.tokenizer = model.reading.tokenizer or _plain_tokenizer()
        self._reading = model.reading
        limits = (config.max_length, None if config.engine == "openai" else model.limit)
        self._most = min((most for most in limits if most is not None), default=np.inf)
        self.forget()

    def forget(self) -> None:
        """Count from nothing."""
        self.read: list[float] = []
        self.continued: list[tuple[float, float]] = []

    def info(self, template: str) -> ScorerInfo:
        """Describe nothing: there is no model."""
        return ScorerInfo(self.config.model, "", "two-way softmax", template, "none")

    def log_odds(self, texts: Sequence[str], answers: Answers) -> FloatArray:
        """Count the texts; NaN, and not counted, where one is too long."""
        lengths = [self._tokens(text) for text in texts]
        self.read += [length for length in lengths if length <= self._most]
        return np.array([-1.0 if length <= self._most else np.nan for length in lengths])

    def write(self, texts: Sequence[str], most: int) -> list[str | None]:
        """Count the texts with the most that is written; None where it does not fit."""
        lengths = [self._tokens(text) for text in texts]
        self.continued += [(length, most) for length in lengths if length + most <= self._most]
        return [LINE if length + most <= self._most else None for length in lengths]

    def _tokens(self, text: str) -> float:
        known = self._reading.tokenizer is not None
        return self._reading.text_tokens(text) + (0 if known else self._reading.template)


@cache
def _plain_tokenizer() -> PreTrainedTokenizerBase:
    """Return one that renders a family's texts where the model's own is not here: of bytes."""
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(f"Ġ{word}" for word in SPACED)]
    tokenizer = Tokenizer(
        models.BPE(vocab={piece: at for at, piece in enumerate(pieces)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=PLAIN_CHAT)
