"""Which family a model belongs to, by its own files: configuration, labels, chat template.

A name may say anything (a classifier distilled from Llama Guard is named after it), so that it only
counts among the families that the architecture leaves, and where no file can be had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harmaug.errors import ModelError
from harmaug.guard.settings import FILE_NAME as SETTINGS
from harmaug.sources.files import SUFFIXES
from harmaug.teachers.catalogue import CARDS, family_in_name
from harmaug.teachers.files import Files

MARKS = {
    "guardian_config": "granite-guardian",
    "guideline": "shieldgemma",
    "Controversial": "qwen3guard",
    "<BEGIN UNSAFE CONTENT CATEGORIES>": "llama-guard",
}
"""Parts of chat templates that only one family has."""

TYPES = {
    "gpt_oss": "gpt-oss-safeguard",
    "granite": "granite-guardian-4",
    "granitemoehybrid": "granite-guardian-4",
    "llama": "llama-guard",
    "t5": "toxicchat-t5",
}
"""Architectures that leave one family where neither name nor template says more."""

SERVER = "openai-moderation"
"""The family whose names without an owner are no hub ids."""

DECODERS = frozenset({"qwen2", "llama"})
DUOGUARD_OUTPUTS = 12


@dataclass(frozen=True)
class Traits:
    """What a model's files say of it; empty where they say nothing."""

    architecture: str
    kind: str
    problem: str
    outputs: int
    template: str


def detect(files: Files) -> str | None:
    """Return the family of a model, None for a hub id whose files and name say nothing.

    Raises:
        ModelError: for a folder that holds no model, and a model of no known family.
    """
    folder = Path(files.model)
    if files.model == "embedded" or (folder / "onnx").is_dir():
        return "guard"
    if files.model.endswith(SUFFIXES):
        return "recorded"
    name = family_in_name(folder.resolve().name if files.local else files.model)
    if name == SERVER and "/" not in files.model:
        return name
    return _by_files(files, name)


def _by_files(files: Files, name: str | None) -> str | None:
    traits = _traits(files)
    if traits is not None and not files.local and files.json(SETTINGS) is not None:
        return "guard"  # of this project, on the hub: read as `Guard.load` reads it
    if traits is not None:
        return _by_traits(files.model, traits, name)
    if name is not None and not files.local:
        return name
    base = files.adapter_base()
    if base is not None:
        return name or _of_adapter(files.model, base)
    if files.local:
        raise ModelError(f"{files.model} is no model folder: it has no readable config.json")
    return None


def _by_traits(model: str, traits: Traits, name: str | None) -> str:
    if traits.architecture.endswith("ForSequenceClassification"):
        return _classifier(traits, name)
    if name is not None and (not CARDS[name].windowed or traits.kind == "t5"):
        return name
    marked = [family for mark, family in MARKS.items() if mark in traits.template]
    found = marked[0] if marked else TYPES.get(traits.kind)
    if found is None:
        raise _unknown(model, traits.architecture)
    return found


def _classifier(traits: Traits, name: str | None) -> str:
    if traits.kind in DECODERS and traits.outputs == DUOGUARD_OUTPUTS:
        return "duoguard"
    problem = traits.problem or ("multi_label_classification" if name == "detoxify" else "")
    return "detoxify" if problem == "multi_label_classification" else "sequence"


def _of_adapter(model: str, base: str) -> str:
    """Tell an adapter by its base; two of Llama Guard 1 read the same answer differently."""
    if "llama-3.1-8b-instruct" in base.lower():
        return "nemoguard"
    family = family_in_name(base)
    if family is None or "llamaguard-7b" in base.lower():
        raise _unknown(model, f"an adapter on {base}")
    return family


def _unknown(model: str, what: str) -> ModelError:
    return ModelError(
        f"{model}: no teacher family for '{what}'; "
        f"set label.teacher.family to one of {', '.join(CARDS)}"
    )


def _traits(files: Files) -> Traits | None:
    config = files.json("config.json")
    names = None if config is None else config.get("architectures")
    if config is None or not isinstance(names, list) or not names:
        return None
    labels = config.get("id2label")
    return Traits(
        architecture=str(names[0]),
        kind=str(config.get("model_type", "")),
        problem=str(config.get("problem_type") or ""),
        outputs=len(labels) if isinstance(labels, Mapping) else 2,
        template=_template(files),
    )


def _template(files: Files) -> str:
    own = files.text("chat_template.jinja")
    if own is not None:
        return own
    settings = files.json("tokenizer_config.json") or {}
    return str(settings.get("chat_template") or "")
