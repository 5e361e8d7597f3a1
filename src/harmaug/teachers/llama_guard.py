"""Llama Guard 1 to 4: a chat template that holds the policy, and an answer `safe` or `unsafe`.

Version 3 and 4 may write newlines before the word; the 1B of version 3 and version 4 want content
as a list of parts. Both are found out once, at load, from the model and its template.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import TextPair
from harmaug.teachers.engine import open_reader
from harmaug.teachers.one_token import Form, OneTokenTeacher
from harmaug.teachers.reading import Reader, chat_template, find_answers, rendered, written_after
from harmaug.teachers.template_text import CATEGORY_MARKS, CONVERSATION_MARKS

MARK = "harmless-mark"
NEWLINES = ("\n\n", "\n")
MOST_NEWLINES = 2
MARKERS = ("[INST]", "[/INST]", *CATEGORY_MARKS, *CONVERSATION_MARKS)
"""Plain text in the templates: the first two in those of version 1 and 2, the frame in all."""

LABELS = ("User:", "Agent:")


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
    as_parts = _wants_parts(tokenizer, template)
    opening = _newlines(reader, _text(tokenizer, template, as_parts, ("Hello.", None)))
    return Form(
        template=template,
        render=partial(_texts, tokenizer, template, as_parts, opening),
        answers=find_answers(tokenizer, ["unsafe"], ["safe"], lead="none"),
        markers=MARKERS,
        labels=LABELS,
    )


def _texts(
    tokenizer: PreTrainedTokenizerBase, template: str, as_parts: bool, opening: str, pair: TextPair
) -> list[str]:
    """Render a pair without generation prompt, up to where `safe` or `unsafe` begins."""
    return [_text(tokenizer, template, as_parts, pair) + opening]


def _text(tokenizer: PreTrainedTokenizerBase, template: str, as_parts: bool, pair: TextPair) -> str:
    prompt, response = pair
    turns = [_turn("user", prompt, as_parts)]
    if response is not None:
        turns.append(_turn("assistant", response, as_parts))
    return rendered(tokenizer, template, turns, add_generation_prompt=False)


def _turn(role: str, text: str, as_parts: bool) -> Mapping[str, object]:
    return {"role": role, "content": [{"type": "text", "text": text}] if as_parts else text}


def _wants_parts(tokenizer: PreTrainedTokenizerBase, template: str) -> bool:
    """Say which form of content arrives in the rendered text whole."""
    for as_parts in (False, True):
        try:
            if _text(tokenizer, template, as_parts, (MARK, None)).count(MARK) == 1:
                return as_parts
        except ModelError:  # it does not take this form
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
