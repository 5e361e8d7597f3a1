"""Every teacher family: what it is called, how it is recognised, what it reads and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harmaug.scoring import ScoreKind


@dataclass(frozen=True)
class FamilyCard:
    """One family. `in_name` are parts of a model's name that give it away, lower case."""

    models: str
    reads: Literal["prompt", "prompt or pair"]
    score: ScoreKind
    rule: str
    in_name: tuple[str, ...] = ()
    extra: str = "train"


CARDS: dict[str, FamilyCard] = {
    "guard": FamilyCard(
        models="embedded, or a folder made by harmaug run or harmaug export",
        reads="prompt or pair",
        score="two-way softmax",
        rule="calibrated classifier",
        extra="",
    ),
    "llama-guard": FamilyCard(
        models="meta-llama/LlamaGuard-7b, Meta-Llama-Guard-2-8B, Llama-Guard-3-1B, -3-8B, -4-12B",
        reads="prompt or pair",
        score="two-way softmax",
        rule="safe / unsafe, after the newlines that the model writes first",
        in_name=("llama-guard", "llamaguard"),
    ),
    "shieldgemma": FamilyCard(
        models="google/shieldgemma-2b, -9b, -27b",
        reads="prompt or pair",
        score="two-way softmax",
        rule="Yes / No, maximum over four policies",
        in_name=("shieldgemma",),
    ),
    "wildguard": FamilyCard(
        models="allenai/wildguard",
        reads="prompt or pair",
        score="two-way softmax",
        rule="yes / no of 'Harmful request:' or 'Harmful response:'",
        in_name=("wildguard",),
    ),
    "qwen3guard": FamilyCard(
        models="Qwen/Qwen3Guard-Gen-0.6B, -4B, -8B",
        reads="prompt or pair",
        score="two-way softmax",
        rule="'Safety:' strict: Unsafe and Controversial / Safe",
        in_name=("qwen3guard-gen",),
    ),
    "qwen3guard-loose": FamilyCard(
        models="Qwen/Qwen3Guard-Gen-0.6B, -4B, -8B",
        reads="prompt or pair",
        score="two-way softmax",
        rule="'Safety:' loose: Unsafe / Safe and Controversial",
    ),
    "granite-guardian": FamilyCard(
        models="ibm-granite/granite-guardian-3.0 to 3.3",
        reads="prompt or pair",
        score="two-way softmax",
        rule="Yes / No for the risk 'harm'",
        in_name=("granite-guardian-3",),
    ),
    "duoguard": FamilyCard(
        models="DuoGuard/DuoGuard-0.5B, -1B-Llama-3.2-transfer, -1.5B-transfer",
        reads="prompt or pair",
        score="sigmoid maximum",
        rule="maximum of twelve sigmoids",
        in_name=("duoguard",),
    ),
    "recorded": FamilyCard(
        models="a data file with scores: of harmaug score, or soft_label of the reference code",
        reads="prompt or pair",
        score="recorded",
        rule="the score that the file has for the same prompt and response",
        extra="",
    ),
    "sequence": FamilyCard(
        models="hbseong/HarmAug-Guard, Prompt Guard 2, RoBERTa-R4, Detoxify, Granite HAP",
        reads="prompt or pair",
        score="two-way softmax",
        rule="the class whose name means harm",
    ),
}


def family_in_name(model: str) -> str | None:
    """Return the family that a model's id or folder name gives away."""
    name = model.lower()
    for family, card in CARDS.items():
        if any(part in name for part in card.in_name):
            return family
    return None
