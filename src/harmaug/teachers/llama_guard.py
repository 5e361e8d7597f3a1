"""Llama Guard 1 to 4: a chat template that holds the policy, and an answer `safe` or `unsafe`.

Version 3 and 4 may write newlines before the word; the 1B of version 3 and version 4 want content
as a list of parts. Both are found out once, at load, from the model and its template.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import TextPair
from harmaug.teachers.engine import open_reader
from harmaug.teachers.one_token import Form, OneTokenTeacher
from harmaug.teachers.reading import Reader, chat_template, find_answers, written_after

MARK = "harmless-mark"
NEWLINES = ("\n\n", "\n")
MOST_NEWLINES = 2
MARKERS = ("[INST]", "[/INST]")
"""Plain text in the template of version 1 and 2."""


def load(config: TeacherConfig, journal: Path | None) -> OneTokenTeacher:
    """Load a Llama Guard.

    Raises:
        ModelError: when it cannot be loaded, gives no answer, or has no chat template that takes a
            conversation.
    """
    return over(open_reader(config, journal))


def over(reader: Reader) -> OneTokenTeacher:
    """Return the teacher that asks this reader."""
    return OneTokenTeacher(reader, form(reader))


def form(reader: Reader) -> Form:
    """Find out how this model is asked."""
    tokenizer = reader.tokenizer
    template = chat_template(tokenizer)
    as_parts = _wants_parts(tokenizer)
    opening = _newlines(reader, _text(tokenizer, as_parts, ("Hello.", None)))
    return Form(
        template=template,
        render=partial(_texts, tokenizer, as_parts, opening),
        answers=find_answers(tokenizer, ["unsafe"], ["safe"], lead="none"),
        markers=MARKERS,
    )


def _texts(
    tokenizer: PreTrainedTokenizerBase, as_parts: bool, opening: str, pair: TextPair
) -> list[str]:
    """Render a pair without generation prompt, up to where `safe` or `unsafe` begins."""
    return [_text(tokenizer, as_parts, pair) + opening]


def _text(tokenizer: PreTrainedTokenizerBase, as_parts: bool, pair: TextPair) -> str:
    prompt, response = pair
    turns = [_turn("user", prompt, as_parts)]
    if response is not None:
        turns.append(_turn("assistant", response, as_parts))
    messages = cast("list[dict[str, str]]", turns)  # transformers' type knows no content in parts
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
    return str(text)


def _turn(role: str, text: str, as_parts: bool) -> Mapping[str, object]:
    return {"role": role, "content": [{"type": "text", "text": text}] if as_parts else text}


def _wants_parts(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Say which form of content arrives in the rendered text whole."""
    for as_parts in (False, True):
        try:
            if _text(tokenizer, as_parts, (MARK, None)).count(MARK) == 1:
                return as_parts
        except (TemplateError, TypeError, KeyError):
            continue
    raise ModelError(f"{tokenizer.name_or_path}: its chat template does not take a user's message")


def _newlines(reader: Reader, text: str) -> str:
    """Return the newlines that this model writes before its answer."""
    opening = ""
    for _ in range(MOST_NEWLINES):
        written = written_after(reader, text + opening, 1)
        if written not in NEWLINES:
            break
        opening += written
    return opening
