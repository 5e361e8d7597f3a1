"""DuoGuard: a decoder with twelve sigmoids, one a kind of harm; the highest counts.

It is published without a tokenizer and trained with that of its base model, padding with its end
token. Its authors put a blank between prompt and response, and at most 2,048 tokens into a pass
(Deng et al. 2025, arXiv:2502.05163, and their evaluation).
"""

from __future__ import annotations

from pathlib import Path

from harmaug.config import TeacherConfig
from harmaug.teachers.checkpoint import load_classifier
from harmaug.teachers.classes import HarmRule
from harmaug.teachers.sequence import SequenceTeacher, Wording

TOKENIZERS = {
    "DuoGuard/DuoGuard-0.5B": "Qwen/Qwen2.5-0.5B",
    "DuoGuard/DuoGuard-1B-Llama-3.2-transfer": "meta-llama/Llama-3.2-1B",
    "DuoGuard/DuoGuard-1.5B-transfer": "Qwen/Qwen2.5-1.5B",
}
WORDING = Wording(joint=" ")
LIMIT = 2048


def load(config: TeacherConfig, journal: Path | None) -> SequenceTeacher:
    """Load a DuoGuard; a model in the process needs no journal.

    Raises:
        ModelError: when it cannot be loaded.
    """
    model, tokenizer = load_classifier(config, TOKENIZERS.get(config.model, config.model))
    rule = HarmRule(tuple(range(len(model.config.id2label or {}))), sigmoid=True)
    limit = min(LIMIT, int(model.config.max_position_embeddings))
    return SequenceTeacher(model, tokenizer, config, rule, limit=limit, wording=WORDING)
