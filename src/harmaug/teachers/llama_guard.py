"""Llama Guard 1 to 4: a chat template that holds the policy, and an answer `safe` or `unsafe`.

Version 3 and 4 may write newlines before the word; the 1B of version 3 and version 4 want content
as a list of parts. Both are found out once, at load, from the model and its template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from jinja2 import TemplateError

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import TextPair
from harmaug.teachers.causal import CausalReader, CausalTeacher, answers, chat_template, load_reader

MARK = "harmless-mark"
NEWLINES = frozenset({"\n", "\n\n"})
MOST_NEWLINES = 2


def load(config: TeacherConfig, journal: Path | None) -> CausalTeacher:
    """Load a Llama Guard; a model in the process needs no journal.

    Raises:
        ModelError: when it cannot be loaded, or has no chat template that takes a conversation.
    """
    reader = load_reader(config)
    template = chat_template(reader)
    as_parts = _wants_parts(reader)
    opening = _newlines(reader, _ids(reader, as_parts, (), ("Hello.", None))[0])
    return CausalTeacher(
        reader=reader,
        render=partial(_ids, reader, as_parts, opening),
        answers=answers(reader, ["unsafe"], ["safe"], lead="none"),
        info=reader.info(template),
    )


def _ids(
    reader: CausalReader, as_parts: bool, opening: Sequence[int], pair: TextPair
) -> list[list[int]]:
    """Render a pair without generation prompt, up to where `safe` or `unsafe` begins."""
    return [[*reader.encode(_text(reader, as_parts, pair)), *opening]]


def _text(reader: CausalReader, as_parts: bool, pair: TextPair) -> str:
    prompt, response = pair
    turns = [_turn("user", prompt, as_parts)]
    if response is not None:
        turns.append(_turn("assistant", response, as_parts))
    messages = cast("list[dict[str, str]]", turns)  # transformers' type knows no content in parts
    text = reader.tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=False
    )
    return str(text)


def _turn(role: str, text: str, as_parts: bool) -> Mapping[str, object]:
    return {"role": role, "content": [{"type": "text", "text": text}] if as_parts else text}


def _wants_parts(reader: CausalReader) -> bool:
    """Say which form of content arrives in the rendered text whole."""
    for as_parts in (False, True):
        try:
            if _text(reader, as_parts, (MARK, None)).count(MARK) == 1:
                return as_parts
        except (TemplateError, TypeError, KeyError):
            continue
    raise ModelError(f"{reader.config.model}: its chat template does not take a user's message")


def _newlines(reader: CausalReader, row: Sequence[int]) -> tuple[int, ...]:
    """Return the newline tokens that this model writes before its answer."""
    opening: list[int] = []
    while len(opening) < MOST_NEWLINES:
        token = reader.likeliest([[*row, *opening]])[0]
        if token is None or reader.decode(token) not in NEWLINES:
            break
        opening.append(token)
    return tuple(opening)
