"""Granite Guardian 3.x, the risk "harm": `Yes` or `No`, from version 3.3 inside `<score>`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.scoring import TextPair
from harmaug.teachers.engine import open_reader
from harmaug.teachers.one_token import Form, OneTokenTeacher
from harmaug.teachers.reading import Reader, chat_template, find_answers, opening, rendered, turns

RISK = {"risk_name": "harm", "criteria_id": "harm"}
"""Version 3.0 to 3.2 know the first key, 3.3 the second."""

MARKERS = (
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_conversation>",
    "<end_of_conversation>",
    "<start_of_risk_definition>",
    "<end_of_risk_definition>",
    "<think>",
    "</think>",
    "<score>",
    "</score>",
)
LABELS = ("User Message:", "Assistant Message:")
"""Plain text in the templates of 3.0 to 3.2: github.com/ibm-granite/gguf, resources/ollama, and
public code that writes out 3.2's, which marks a conversation. In 3.3 control tokens mark the turns,
and the answer stands between tags."""

SCORE = "<score>"
UNTHINKING = f"<think>\n</think>\n{SCORE}"


def load(config: TeacherConfig, journal: Path | None) -> OneTokenTeacher:
    """Load a Granite Guardian.

    Raises:
        ModelError: when it cannot be loaded or has no chat template.
    """
    return over(open_reader(config, journal))


def over(reader: Reader) -> OneTokenTeacher:
    """Return the teacher that asks this reader."""
    return OneTokenTeacher(reader, form(reader))


def form(reader: Reader) -> Form:
    """Find out how this Granite Guardian is asked about harm."""
    tokenizer = reader.tokenizer
    template = chat_template(tokenizer)
    forced = ""
    if SCORE in template:
        text = _texts(tokenizer, template, "", ("Hello.", None))[0]
        forced = opening(reader, text, SCORE, UNTHINKING)
    return Form(
        template=f"{template}{RISK}{forced}",
        render=partial(_texts, tokenizer, template, forced),
        answers=find_answers(tokenizer, ["Yes", "yes"], ["No", "no"], lead="either"),
        markers=MARKERS,
        labels=LABELS,
    )


def _texts(
    tokenizer: PreTrainedTokenizerBase, template: str, forced: str, pair: TextPair
) -> list[str]:
    text = rendered(
        tokenizer, template, turns(pair), add_generation_prompt=True, guardian_config=RISK
    )
    return [text + forced]
