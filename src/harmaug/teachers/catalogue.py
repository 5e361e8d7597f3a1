"""Every teacher family: what it is called, how it is recognised, what it reads and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harmaug.scoring import ScoreKind


@dataclass(frozen=True)
class FamilyCard:
    """One family. `in_name` are parts of a model's name that give it away, lower case.

    `windowed`: what is too long is read in windows; else it is not read, and its score missing.
    """

    models: str
    reads: Literal["prompt", "prompt or pair"]
    score: ScoreKind
    rule: str
    in_name: tuple[str, ...] = ()
    extra: str = "train"
    windowed: bool = False


CARDS: dict[str, FamilyCard] = {
    "guard": FamilyCard(
        models="embedded, or a folder made by harmaug run or harmaug export",
        reads="prompt or pair",
        score="two-way softmax",
        rule="calibrated classifier",
        extra="",
        windowed=True,
    ),
    "recorded": FamilyCard(
        models="a data file with scores: of harmaug score, or soft_label of the reference code",
        reads="prompt or pair",
        score="recorded",
        rule="the score that the file has for the same prompt and response",
        extra="",
    ),
    "aegis-defensive": FamilyCard(
        models="nvidia/Aegis-AI-Content-Safety-LlamaGuard-Defensive-1.0",
        reads="prompt or pair",
        score="two-way softmax",
        rule="unsafe, needs caution / safe",
        in_name=("llamaguard-defensive", "aegis-defensive"),
        extra="adapters",
    ),
    "aegis-permissive": FamilyCard(
        models="nvidia/Aegis-AI-Content-Safety-LlamaGuard-Permissive-1.0",
        reads="prompt or pair",
        score="two-way softmax",
        rule="unsafe / safe, needs caution",
        in_name=("llamaguard-permissive", "aegis-permissive"),
        extra="adapters",
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
    "polyguard": FamilyCard(
        models="ToxicityPrompts/PolyGuard-Qwen-Smol, -Qwen, -Ministral",
        reads="prompt or pair",
        score="two-way softmax",
        rule="yes / no of 'Harmful request:' or 'Harmful response:'",
        in_name=("polyguard",),
    ),
    "nemoguard": FamilyCard(
        models="nvidia/llama-3.1-nemoguard-8b-content-safety, Nemotron-Safety-Guard",
        reads="prompt or pair",
        score="two-way softmax",
        rule="safe / unsafe of 'User Safety' or 'Response Safety'",
        in_name=("nemoguard-8b-content-safety", "nemotron-safety-guard"),
        extra="adapters",
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
    "granite-guardian-4": FamilyCard(
        models="ibm-granite/granite-guardian-4.1-8b",
        reads="prompt or pair",
        score="two-way softmax",
        rule="yes / no for the criterion 'harm', without thinking",
        in_name=("granite-guardian-4",),
    ),
    "gpt-oss-safeguard": FamilyCard(
        models="openai/gpt-oss-safeguard-20b, -120b",
        reads="prompt or pair",
        score="parsed",
        rule="1 / 0 written in the final channel, under a policy of ours",
        in_name=("gpt-oss-safeguard",),
    ),
    "toxicchat-t5": FamilyCard(
        models="lmsys/toxicchat-t5-large-v1.0",
        reads="prompt or pair",
        score="two-way softmax",
        rule="positive / negative, first written token",
        in_name=("toxicchat-t5",),
        windowed=True,
    ),
    "duoguard": FamilyCard(
        models="DuoGuard/DuoGuard-0.5B, -1B-Llama-3.2-transfer, -1.5B-transfer",
        reads="prompt or pair",
        score="sigmoid maximum",
        rule="maximum of twelve sigmoids",
        in_name=("duoguard",),
        windowed=True,
    ),
    "detoxify": FamilyCard(
        models="unitary/toxic-bert, unbiased-toxic-roberta, multilingual-toxic-xlm-roberta",
        reads="prompt or pair",
        score="sigmoid maximum",
        rule="maximum of the sigmoids whose names mean harm",
        in_name=("unitary/", "toxic-bert", "toxic-roberta", "toxic-xlm-roberta"),
        windowed=True,
    ),
    "sequence": FamilyCard(
        models=(
            "hbseong/HarmAug-Guard, meta-llama/Llama-Prompt-Guard-2, Granite HAP, "
            "facebook/roberta-hate-speech-dynabench-r4-target, a HateBERT with a trained head"
        ),
        reads="prompt or pair",
        score="two-way softmax",
        rule="the class whose name means harm; unnamed, the second of two",
        in_name=("harmaug-guard", "prompt-guard", "guardian-hap", "roberta-hate-speech"),
        windowed=True,
    ),
    "openai-moderation": FamilyCard(
        models="omni-moderation-latest, or any server with /v1/moderations (harmaug serve)",
        reads="prompt or pair",
        score="sigmoid maximum",
        rule="the highest of category_scores; a pair as one text",
        in_name=("omni-moderation", "text-moderation-latest", "text-moderation-stable"),
    ),
    "ensemble": FamilyCard(
        models="label.teacher.members, each a teacher with a weight",
        reads="prompt or pair",
        score="ensemble",
        rule="the mean probability by weight, or the maximum",
        extra="",
    ),
}


def family_in_name(model: str) -> str | None:
    """Return the family that a model's id or folder name gives away."""
    name = model.lower()
    for family, card in CARDS.items():
        if any(part in name for part in card.in_name):
            return family
    return None
