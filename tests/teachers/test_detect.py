"""A model's family is found by its own files, a hub id's by its name where it has none here."""

import json
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest
from huggingface_hub import constants
from tests.models import chat_model, classifier

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.teachers.catalogue import CARDS
from harmaug.teachers.load import FAMILIES, family_of

NAMES = {
    "meta-llama/LlamaGuard-7b": "llama-guard",
    "meta-llama/Meta-Llama-Guard-2-8B": "llama-guard",
    "meta-llama/Llama-Guard-3-1B": "llama-guard",
    "meta-llama/Llama-Guard-4-12B": "llama-guard",
    "nvidia/Aegis-AI-Content-Safety-LlamaGuard-Defensive-1.0": "aegis-defensive",
    "nvidia/Aegis-AI-Content-Safety-LlamaGuard-Permissive-1.0": "aegis-permissive",
    "google/shieldgemma-9b": "shieldgemma",
    "allenai/wildguard": "wildguard",
    "ToxicityPrompts/PolyGuard-Qwen-Smol": "polyguard",
    "nvidia/llama-3.1-nemoguard-8b-content-safety": "nemoguard",
    "Qwen/Qwen3Guard-Gen-4B": "qwen3guard",
    "ibm-granite/granite-guardian-3.1-2b": "granite-guardian",
    "ibm-granite/granite-guardian-4.1-8b": "granite-guardian-4",
    "ibm-granite/granite-guardian-hap-38m": "sequence",
    "openai/gpt-oss-safeguard-20b": "gpt-oss-safeguard",
    "lmsys/toxicchat-t5-large-v1.0": "toxicchat-t5",
    "DuoGuard/DuoGuard-0.5B": "duoguard",
    "unitary/toxic-bert": "detoxify",
    "unitary/unbiased-toxic-roberta": "detoxify",
    "hbseong/HarmAug-Guard": "sequence",
    "meta-llama/Llama-Prompt-Guard-2-86M": "sequence",
    "facebook/roberta-hate-speech-dynabench-r4-target": "sequence",
    "embedded": "guard",
}


def test_every_family_has_a_card_and_is_known_by_name() -> None:
    assert set(CARDS) == set(FAMILIES)
    found = {name: family_of(TeacherConfig(model=name), offline=True) for name in NAMES}
    assert found == NAMES


class Description(TypedDict):
    """What the small files of a model say."""

    architecture: str
    kind: str
    template: NotRequired[str]
    outputs: NotRequired[int]
    problem: NotRequired[str]


def described(
    folder: Path,
    architecture: str,
    kind: str,
    template: str = "",
    outputs: int = 2,
    problem: str | None = None,
) -> Path:
    """A folder with the small files of a model."""
    folder.mkdir(parents=True)
    labels = {str(index): f"LABEL_{index}" for index in range(outputs)}
    config = {
        "architectures": [architecture],
        "model_type": kind,
        "id2label": labels,
        "problem_type": problem,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


MULTI = "multi_label_classification"
POLICY = "<BEGIN UNSAFE CONTENT CATEGORIES>"
FILES: dict[str, tuple[Description, str]] = {
    "a": ({"architecture": "BertForSequenceClassification", "kind": "bert"}, "sequence"),
    "llama-guard-distilled": (
        {"architecture": "DebertaV2ForSequenceClassification", "kind": "deberta-v2"},
        "sequence",
    ),
    "b": (
        {"architecture": "Qwen2ForSequenceClassification", "kind": "qwen2", "outputs": 12},
        "duoguard",
    ),
    "c": (
        {
            "architecture": "RobertaForSequenceClassification",
            "kind": "roberta",
            "outputs": 16,
            "problem": MULTI,
        },
        "detoxify",
    ),
    "d": ({"architecture": "T5ForConditionalGeneration", "kind": "t5"}, "toxicchat-t5"),
    "e": (
        {"architecture": "Gemma2ForCausalLM", "kind": "gemma2", "template": "{{ guideline }}"},
        "shieldgemma",
    ),
    "f": (
        {"architecture": "Qwen3ForCausalLM", "kind": "qwen3", "template": "Safe, Controversial"},
        "qwen3guard",
    ),
    "g": (
        {
            "architecture": "GraniteForCausalLM",
            "kind": "granite",
            "template": "{{ guardian_config }}",
        },
        "granite-guardian",
    ),
    "h": ({"architecture": "GraniteForCausalLM", "kind": "granite"}, "granite-guardian-4"),
    "i": (
        {"architecture": "Llama4ForConditionalGeneration", "kind": "llama4", "template": POLICY},
        "llama-guard",
    ),
    "j": ({"architecture": "GptOssForCausalLM", "kind": "gpt_oss"}, "gpt-oss-safeguard"),
    "PolyGuard-Ministral": ({"architecture": "MistralForCausalLM", "kind": "mistral"}, "polyguard"),
    "wildguard": ({"architecture": "MistralForCausalLM", "kind": "mistral"}, "wildguard"),
    "nemoguard-8b-content-safety": (
        {"architecture": "LlamaForCausalLM", "kind": "llama", "template": "{{ messages }}"},
        "nemoguard",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_folder_is_known_by_its_files(name: str, tmp_path: Path) -> None:
    files, family = FILES[name]
    folder = described(tmp_path / "shieldgemma-wildguard" / name, **files)
    assert family_of(TeacherConfig(model=str(folder))) == family


HUB: dict[str, tuple[Description, str]] = {
    "me/deberta-distilled-from-llama-guard-3": (
        {"architecture": "DebertaV2ForSequenceClassification", "kind": "deberta-v2"},
        "sequence",
    ),
    "me/qwen3guard-gen-into-duoguard": (
        {"architecture": "Qwen2ForSequenceClassification", "kind": "qwen2", "outputs": 12},
        "duoguard",
    ),
    "me/like-HarmAug-Guard": ({"architecture": "LlamaForCausalLM", "kind": "llama"}, "llama-guard"),
    "allenai/wildguard": ({"architecture": "MistralForCausalLM", "kind": "mistral"}, "wildguard"),
    "unitary/of-old": (
        {"architecture": "BertForSequenceClassification", "kind": "bert"},
        "detoxify",
    ),
    "unitary/softmax": (
        {
            "architecture": "BertForSequenceClassification",
            "kind": "bert",
            "problem": "single_label_classification",
        },
        "sequence",
    ),
}


@pytest.mark.parametrize("name", HUB)
def test_a_hub_model_is_known_by_its_files_before_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, family = HUB[name]
    cached = tmp_path / f"models--{name.replace('/', '--')}"
    described(cached / "snapshots" / "0123", **files)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0123", encoding="utf-8")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert family_of(TeacherConfig(model=name)) == family


def test_a_template_in_the_tokenizers_own_file_counts(tmp_path: Path) -> None:
    folder = described(tmp_path / "a", "Gemma2ForCausalLM", "gemma2")
    settings = json.dumps({"chat_template": "{{ guideline }}"})
    (folder / "tokenizer_config.json").write_text(settings, encoding="utf-8")
    assert family_of(TeacherConfig(model=str(folder))) == "shieldgemma"


def test_adapters_are_known_by_name_or_base(tmp_path: Path) -> None:
    def adapter(name: str, base: str) -> TeacherConfig:
        folder = tmp_path / name
        folder.mkdir()
        settings = json.dumps({"base_model_name_or_path": base})
        (folder / "adapter_config.json").write_text(settings, encoding="utf-8")
        return TeacherConfig(model=str(folder))

    seven = "meta-llama/LlamaGuard-7b"
    assert family_of(adapter("x-LlamaGuard-Permissive", seven)) == "aegis-permissive"
    assert family_of(adapter("x", "meta-llama/Llama-3.1-8B-Instruct")) == "nemoguard"
    assert family_of(adapter("y", "meta-llama/Llama-Guard-3-8B")) == "llama-guard"
    with pytest.raises(ModelError, match=r"adapter on meta-llama/LlamaGuard-7b.*aegis-defensive"):
        family_of(adapter("z", seven))


def test_real_folders_and_ones_of_no_family(tmp_path: Path) -> None:
    assert family_of(TeacherConfig(model=str(classifier(tmp_path / "a")))) == "sequence"
    chat_model(tmp_path / "b", architecture="gemma2")
    with pytest.raises(ModelError, match="'Gemma2ForCausalLM'; set label.teacher.family to one of"):
        family_of(TeacherConfig(model=str(tmp_path / "b")))
    (tmp_path / "c").mkdir()
    with pytest.raises(ModelError, match="no readable config.json"):
        family_of(TeacherConfig(model=str(tmp_path / "c")))


def test_an_unknown_hub_id_out_of_reach_is_taken_for_a_classifier() -> None:
    config = TeacherConfig(model="nobody/nothing-of-the-kind")
    assert family_of(config, offline=True) == "sequence"


def test_a_guard_of_ours_on_the_hub_is_read_by_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    place = tmp_path / "hub" / "models--me--my-guard"
    snapshot = place / "snapshots" / ("c" * 40)
    classifier(snapshot)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("c" * 40, encoding="utf-8")
    assert family_of(TeacherConfig(model="me/my-guard"), offline=True) == "sequence"
    (snapshot / "harmaug.json").write_text("{}", encoding="utf-8")
    assert family_of(TeacherConfig(model="me/my-guard"), offline=True) == "guard"
