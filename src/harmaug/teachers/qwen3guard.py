"""Qwen3Guard-Gen: `Safety: Safe`, `Unsafe` or `Controversial`, read after a forced `Safety:`.

Strict counts controversial text as unsafe, loose as safe (the model's two published readings).
"""

from __future__ import annotations

from collections.abc import Sequence
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

FORCED = "Safety:"


def load(config: TeacherConfig, journal: Path | None) -> CausalTeacher:
    """Load the strict reading: controversial is unsafe."""
    return _load(config, ["Unsafe", "Controversial"], ["Safe"])


def load_loose(config: TeacherConfig, journal: Path | None) -> CausalTeacher:
    """Load the loose reading: controversial is safe."""
    return _load(config, ["Unsafe"], ["Safe", "Controversial"])


def _load(config: TeacherConfig, unsafe: Sequence[str], safe: Sequence[str]) -> CausalTeacher:
    reader = load_reader(config)
    template = chat_template(reader)
    return CausalTeacher(
        reader=reader,
        render=partial(_ids, reader),
        answers=answers(reader, unsafe, safe, lead="space"),
        info=reader.info(f"{template}{FORCED}{unsafe}"),
    )


def _ids(reader: CausalReader, pair: TextPair) -> list[list[int]]:
    text = reader.tokenizer.apply_chat_template(
        turns(pair), tokenize=False, add_generation_prompt=True
    )
    return [reader.encode(f"{text}{FORCED}")]
