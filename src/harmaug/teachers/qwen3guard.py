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
from harmaug.teachers.reading import chat_template, find_answers, turns

FORCED = "Safety:"


def load(config: TeacherConfig, journal: Path | None) -> OneTokenTeacher:
    """Load the strict reading: controversial is unsafe."""
    return _load(config, journal, ["Unsafe", "Controversial"], ["Safe"])


def load_loose(config: TeacherConfig, journal: Path | None) -> OneTokenTeacher:
    """Load the loose reading: controversial is safe."""
    return _load(config, journal, ["Unsafe"], ["Safe", "Controversial"])


def _load(
    config: TeacherConfig, journal: Path | None, unsafe: Sequence[str], safe: Sequence[str]
) -> OneTokenTeacher:
    reader = open_reader(config, journal)
    return OneTokenTeacher(reader, form(reader.tokenizer, unsafe, safe))


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
