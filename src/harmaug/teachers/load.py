"""Which teacher a configuration means, and loading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from harmaug.config import TeacherConfig
from harmaug.errors import ConfigError
from harmaug.registry import Registry
from harmaug.scoring import Scorer
from harmaug.teachers.catalogue import CARDS
from harmaug.teachers.detect import detect
from harmaug.teachers.files import Files
from harmaug.teachers.reading import Reader


class Family(Protocol):
    """Makes a teacher of a configuration; `journal` is where paid answers are kept, if anywhere."""

    def __call__(self, config: TeacherConfig, journal: Path | None) -> Scorer:
        """Load the teacher or reach its server."""
        ...


FAMILIES: Registry[Family] = Registry(
    "teacher family",
    {
        "guard": "harmaug.teachers.guard:load",
        "recorded": "harmaug.teachers.recorded:load",
        "sequence": "harmaug.teachers.sequence:load",
        "detoxify": "harmaug.teachers.sequence:load",
        "duoguard": "harmaug.teachers.duoguard:load",
        "toxicchat-t5": "harmaug.teachers.toxicchat_t5:load",
        "llama-guard": "harmaug.teachers.llama_guard:load",
        "aegis-defensive": "harmaug.teachers.aegis_guard:load_defensive",
        "aegis-permissive": "harmaug.teachers.aegis_guard:load_permissive",
        "shieldgemma": "harmaug.teachers.shieldgemma:load",
        "wildguard": "harmaug.teachers.wildguard:load",
        "polyguard": "harmaug.teachers.polyguard:load",
        "nemoguard": "harmaug.teachers.nemoguard:load",
        "qwen3guard": "harmaug.teachers.qwen3guard:load",
        "qwen3guard-loose": "harmaug.teachers.qwen3guard:load_loose",
        "granite-guardian": "harmaug.teachers.granite_guardian:load",
        "granite-guardian-4": "harmaug.teachers.granite_guardian_4:load",
        "gpt-oss-safeguard": "harmaug.teachers.gpt_oss_safeguard:load",
        "openai-moderation": "harmaug.teachers.moderation:load",
        "ensemble": "harmaug.teachers.ensemble:load",
    },
)

CAUSAL: Registry[Callable[[Reader], Scorer]] = Registry(
    "causal guard",
    {
        "llama-guard": "harmaug.teachers.llama_guard:over",
        "aegis-defensive": "harmaug.teachers.aegis_guard:over_defensive",
        "aegis-permissive": "harmaug.teachers.aegis_guard:over_permissive",
        "shieldgemma": "harmaug.teachers.shieldgemma:over",
        "wildguard": "harmaug.teachers.wildguard:over",
        "polyguard": "harmaug.teachers.polyguard:over",
        "nemoguard": "harmaug.teachers.nemoguard:over",
        "qwen3guard": "harmaug.teachers.qwen3guard:over",
        "qwen3guard-loose": "harmaug.teachers.qwen3guard:over_loose",
        "granite-guardian": "harmaug.teachers.granite_guardian:over",
        "granite-guardian-4": "harmaug.teachers.granite_guardian_4:over",
        "gpt-oss-safeguard": "harmaug.teachers.gpt_oss_safeguard:ParsedTeacher",
    },
)
"""The families whose texts a `Reader` reads: each asks an engine's, or one that only counts."""

HERE_ONLY = frozenset(family for family, card in CARDS.items() if card.windowed) | {"recorded"}
"""Families that no server of causal models reads."""


def load_teacher(config: TeacherConfig, journal: Path | None = None) -> Scorer:
    """Load the teacher that a configuration names.

    Raises:
        ConfigError: when it is to be read by a server and is no causal guard.
    """
    family = family_of(config) if config.family == "auto" else config.family
    if config.engine == "openai" and family in HERE_ONLY:
        raise ConfigError(
            f"label.teacher.engine: openai reads causal guards, and '{config.model}' is taken for "
            f"'{family}'; set label.teacher.family to the served model's"
        )
    return FAMILIES.load(family)(config, journal)


def asks_server(config: TeacherConfig) -> bool:
    """Say whether scores come from a server: asking takes its time and may cost money."""
    family = family_of(config, offline=True) if config.family == "auto" else config.family
    remote = config.engine == "openai" or family == "openai-moderation"
    return remote or any(asks_server(member) for member in config.members)


def family_of(config: TeacherConfig, *, offline: bool = False) -> str:
    """Pick the family by the model's own configuration; `offline` asks no hub for it.

    A hub id of which nothing can be had is taken for a classifier, whose loading says what is
    amiss.

    Raises:
        ModelError: when the model's files say nothing that is known.
    """
    if config.members:
        return "ensemble"
    served = config.tokenizer if config.engine == "openai" else None
    return detect(Files(served or config.model, config.revision, offline)) or "sequence"
