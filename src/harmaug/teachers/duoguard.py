"""DuoGuard: a decoder with twelve sigmoids, one a kind of harm; the highest counts.

It is published without a tokenizer and trained with that of its base model, padding with its end
token (Deng et al. 2025, arXiv:2502.05163).
"""

from __future__ import annotations

from pathlib import Path

from harmaug.config import TeacherConfig
from harmaug.teachers.classes import HarmRule
from harmaug.teachers.sequence import SequenceTeacher, load_classifier

TOKENIZERS = {
    "DuoGuard/DuoGuard-0.5B": "Qwen/Qwen2.5-0.5B",
    "DuoGuard/DuoGuard-1B-Llama-3.2-transfer": "meta-llama/Llama-3.2-1B",
    "DuoGuard/DuoGuard-1.5B-transfer": "Qwen/Qwen2.5-1.5B",
}


def load(config: TeacherConfig, journal: Path | None) -> SequenceTeacher:
    """Load a DuoGuard; a model in the process needs no journal.

    Raises:
        ModelError: when it cannot be loaded.
    """
    model, tokenizer = load_classifier(config, TOKENIZERS.get(config.model, config.model))
    rule = HarmRule(tuple(range(len(model.config.id2label or {}))), sigmoid=True)
    return SequenceTeacher(model, tokenizer, config, rule)
