"""Granite Guardian 3.x, the risk "harm": `Yes` or `No`, from version 3.3 inside `<score>`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from harmaug.config import TeacherConfig
from harmaug.scoring import TextPair
from harmaug.teachers.causal import (
    CausalReader,
    CausalTeacher,
    answers,
    chat_template,
    load_reader,
    turns,
)

RISK = {"risk_name": "harm", "criteria_id": "harm"}
"""Version 3.0 to 3.2 know the first key, 3.3 the second."""

UNTHINKING = "<think>\n</think>\n<score>"
ONE_DAY = "{%- macro strftime_now(form) -%}January 01, 2025{%- endmacro -%}"
"""The template states the date; a score must not change with it."""


def load(config: TeacherConfig, journal: Path | None) -> CausalTeacher:
    """Load a Granite Guardian; a model in the process needs no journal.

    Raises:
        ModelError: when it cannot be loaded or has no chat template.
    """
    reader = load_reader(config)
    template = f"{ONE_DAY}{chat_template(reader)}"
    forced = UNTHINKING if "<score>" in template else ""
    return CausalTeacher(
        reader=reader,
        render=partial(_ids, reader, template, forced),
        answers=answers(reader, ["Yes", "yes"], ["No", "no"], lead="either"),
        info=reader.info(f"{template}{RISK}{forced}"),
    )


def _ids(reader: CausalReader, template: str, forced: str, pair: TextPair) -> list[list[int]]:
    text = reader.tokenizer.apply_chat_template(
        turns(pair),
        chat_template=template,
        tokenize=False,
        add_generation_prompt=True,
        guardian_config=RISK,
    )
    return [reader.encode(f"{text}{forced}")]
