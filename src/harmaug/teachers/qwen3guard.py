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
from harmaug.teachers.reading import Reader, chat_template, find_answers, turns

FORCED = "Safety:"


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
    return Form(
        template=f"{chat_template(tokenizer)}{FORCED}{unsafe}",
        render=partial(_texts, tokenizer),
        answers=find_answers(tokenizer, unsafe, safe, lead="space"),
    )


def _texts(tokenizer: PreTrainedTokenizerBase, pair: TextPair) -> list[str]:
    text = tokenizer.apply_chat_template(turns(pair), tokenize=False, add_generation_prompt=True)
    return [f"{text}{FORCED}"]
