"""Qwen3Guard-Gen: `Safety: Safe`, `Unsafe` or `Controversial`, read after a forced `Safety:`.

Strict counts controversial text as unsafe, loose as safe (the model's two published readings).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.scoring import TextPair
from harmaug.teachers.engine import open_reader
from harmaug.teachers.one_token import Form, OneTokenTeacher
from harmaug.teachers.reading import Reader, chat_template, find_answers, rendered, turns
from harmaug.teachers.template_text import CATEGORY_MARKS, CONVERSATION_MARKS

FORCED = "Safety:"
MARKERS = (
    "<BEGIN SAFETY POLICY>",
    "<END SAFETY POLICY>",
    *CATEGORY_MARKS,
    *CONVERSATION_MARKS,
)
LABELS = ("USER:", "ASSISTANT:")
"""The plain text of its chat template, as public code that fine-tunes it writes it out."""


def load(config: TeacherConfig, journal: Path | None) -> OneTokenTeacher:
    """Load the strict reading: controversial is unsafe."""
    return over(open_reader(config, journal))


def over(reader: Reader) -> OneTokenTeacher:
    """Return the strict teacher that asks this reader."""
    answers = ["Unsafe", "Controversial"], ["Safe"]
    return OneTokenTeacher(reader, form(reader.tokenizer, *answers))


def load_loose(config: TeacherConfig, journal: Path | None) -> OneTokenTeacher:
    """Load the loose reading: controversial is safe."""
    return over_loose(open_reader(config, journal))


def over_loose(reader: Reader) -> OneTokenTeacher:
    """Return the loose teacher that asks this reader."""
    answers = ["Unsafe"], ["Safe", "Controversial"]
    return OneTokenTeacher(reader, form(reader.tokenizer, *answers))


def form(tokenizer: PreTrainedTokenizerBase, unsafe: Sequence[str], safe: Sequence[str]) -> Form:
    """Return how a Qwen3Guard is asked, under one of its readings."""
    template = chat_template(tokenizer)
    return Form(
        template=f"{template}{FORCED}{unsafe}",
        render=partial(_texts, tokenizer, template),
        answers=find_answers(tokenizer, unsafe, safe, lead="space"),
        markers=MARKERS,
        labels=LABELS,
    )


def _texts(tokenizer: PreTrainedTokenizerBase, template: str, pair: TextPair) -> list[str]:
    return [rendered(tokenizer, template, turns(pair), add_generation_prompt=True) + FORCED]
