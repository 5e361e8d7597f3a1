"""What an export starts from: a checkpoint, or ONNX models that are there already."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer

from harmaug.embedded import GUARD
from harmaug.errors import ModelError, require
from harmaug.guard.files import HUB_ID, MODELS, SKIP_POSITIONS, GuardFiles, Kind, has_weights
from harmaug.guard.settings import FILE_NAME, GuardSettings

FLOAT32, INT8 = MODELS["fp32"], MODELS["int8"]

_APART = ("how do i bake bread", "why is a door green")
"""Two texts that a tokenizer without a vocabulary reads alike: words of equal lengths."""

_HUB_FILES = [
    *("*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model*.bin"),
    *(f"{model.as_posix()}*" for model in MODELS.values()),
]


@dataclass(frozen=True)
class Source:
    """A guard's folder, and the name that messages call it by."""

    name: str
    folder: Path

    @classmethod
    def find(cls, ref: str) -> Source:
        """Find a guard by `embedded`, a folder or a hub id.

        Raises:
            ModelError: when there is none, or its files cannot be had.
        """
        if ref == "embedded":
            return cls(ref, GUARD)
        if Path(ref).is_dir():
            return cls(ref, Path(ref))
        if HUB_ID.fullmatch(ref):
            return cls(ref, _download(ref))
        raise ModelError(f"no guard '{ref}': it is neither 'embedded', a folder nor a hub id")

    @property
    def is_checkpoint(self) -> bool:
        """Whether torch can load it."""
        return (self.folder / "config.json").is_file() and has_weights(self.folder)

    def has(self, kind: Kind) -> bool:
        """Whether one of its ONNX models is there."""
        return (self.folder / MODELS[kind]).is_file()

    def copy_model(self, kind: Kind, out: Path) -> None:
        """Copy one of its ONNX models, with what holds its weights, to beside the file `out`."""
        for path in GuardFiles(self.name, self.folder, kind).weights:
            shutil.copyfile(path, out.parent / path.name)

    def settings(self) -> GuardSettings:
        """Its `harmaug.json`, or what `config.json` tells.

        Raises:
            ModelError: when there is no model, or its labels do not tell which single output
                means harm.
        """
        if not self.is_checkpoint:
            return self._onnx_settings()
        config = _config(self.folder / "config.json")
        if (self.folder / FILE_NAME).is_file():
            return GuardSettings.load(self.folder)
        return replace(
            GuardSettings(), window=_window(config), harmful_index=_harmful_index(config, self.name)
        )

    def _onnx_settings(self) -> GuardSettings:
        """Its settings as `Guard.load` reads them, for which nothing need be installed."""
        for kind in MODELS:
            if self.has(kind):
                return GuardFiles(self.name, self.folder, kind).settings()
        raise ModelError(
            f"{self.name} is not a guard: it has no onnx/model.onnx and no checkpoint to export "
            "(config.json and model.safetensors)"
        )

    def copy_texts(self, out: Path) -> None:
        """Copy tokenizer and configuration, and write the settings, into a folder.

        Raises:
            ModelError: when there is no tokenizer that can be written as `tokenizer.json`.
        """
        self.settings().save(out)
        if (self.folder / "config.json").is_file():
            shutil.copyfile(self.folder / "config.json", out / "config.json")
        if (self.folder / "tokenizer.json").is_file():
            shutil.copyfile(self.folder / "tokenizer.json", out / "tokenizer.json")
            return
        require("train", "converting a slow tokenizer", "transformers")
        from transformers import AutoTokenizer

        try:
            AutoTokenizer.from_pretrained(self.folder).save_pretrained(out)
        except Exception as error:  # tokenizers of all kinds fail in their own ways
            reason = str(error).partition("\n")[0]
            raise ModelError(f"{self.name}: no tokenizer that can be exported ({reason})") from None
        if not (out / "tokenizer.json").is_file():
            raise ModelError(f"{self.name}: its tokenizer has no fast form (tokenizer.json)")
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
        first, second = (tokenizer.encode(text).ids for text in _APART)
        if first == second:  # without files of a tokenizer transformers makes up an empty one
            raise ModelError(
                f"{self.name}: its tokenizer tells no words apart: put the files of the tokenizer "
                "that it was trained with (tokenizer.json, vocab.txt) beside its config.json"
            )


def _config(path: Path) -> dict[str, object]:
    try:
        config: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = None
    if not isinstance(config, dict):
        raise ModelError(f"{path.parent} is not a guard: it has no config.json that can be read")
    return config


def _window(config: dict[str, object]) -> int:
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int) or positions < 1:
        return GuardSettings.window
    return min(GuardSettings.window, positions - 2 * (config.get("model_type") in SKIP_POSITIONS))


def _harmful_index(config: dict[str, object], name: str) -> int:
    require("train", "reading a checkpoint's labels", "torch")
    from harmaug.teachers.classes import harm_rule

    stored = config.get("id2label")
    labels = stored if isinstance(stored, dict) else {0: "LABEL_0", 1: "LABEL_1"}
    try:
        names = {int(index): str(label) for index, label in labels.items()}
    except ValueError:
        raise ModelError(
            f"{name}: id2label in its config.json names outputs by what is no number "
            f"({', '.join(map(repr, labels))}): number them from 0"
        ) from None
    problem = config.get("problem_type")
    rule = harm_rule(names, problem if isinstance(problem, str) else None, name)
    if len(rule.harmful) > 1 or (rule.sigmoid and len(labels) > 1):
        raise ModelError(
            f"{name} has {len(rule.harmful)} harmful outputs, an exported guard has one: distil it "
            "into a student first (harmaug run)"
        )
    return rule.harmful[0]


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(hub_id, allow_patterns=_HUB_FILES))
    except Exception as error:  # the hub's and its transport's errors share no base class
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"cannot get '{hub_id}' from the hub ({reason}); check the id and the network, "
            "or give a folder"
        ) from None
