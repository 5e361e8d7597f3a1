"""The files of one guard: the model to run, its tokenizer, its settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer

from harmaug.errors import ModelError
from harmaug.guard.settings import FILE_NAME, GuardSettings
from harmaug.guard.settings_rules import LEAST_WINDOW
from harmaug.scoring import harmful_classes

Kind = Literal["int8", "fp32"]

MODELS: Mapping[Kind, Path] = {
    "int8": Path("onnx/model_quantized.onnx"),
    "fp32": Path("onnx/model.onnx"),
}
TEXTS = ("tokenizer.json", "config.json")

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")

SKIP_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert"})
"""Their first position is the one after the padding id: two tokens fewer fit."""

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def has_weights(folder: Path) -> bool:
    """Whether a folder holds what torch loads."""
    return any(any(folder.glob(pattern)) for pattern in _WEIGHTS)


@dataclass(frozen=True)
class GuardFiles:
    """A guard that was found: its name, its folder and which of its models to run."""

    name: str
    folder: Path
    precision: Kind

    @property
    def model(self) -> Path:
        """The ONNX model to run."""
        return self.folder / MODELS[self.precision]

    @property
    def weights(self) -> list[Path]:
        """The model and, of a large one, the files beside it that hold its weights."""
        return sorted(self.model.parent.glob(f"{self.model.name}*"))

    @property
    def revision(self) -> str:
        """Content hash of the weights."""
        import hashlib

        digest = hashlib.sha256()
        for path in self.weights:
            with path.open("rb") as file:
                while part := file.read(1 << 20):
                    digest.update(part)
        return digest.hexdigest()[:16]

    def tokenizer(self) -> Tokenizer:
        """Read `tokenizer.json`.

        Raises:
            ModelError: when it is missing or broken.
        """
        path = self.folder / "tokenizer.json"
        if not path.is_file():
            raise ModelError(f"{path} is missing: export the model again")
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # the Rust library raises plain Exception
            raise ModelError(f"{path}: not a tokenizer ({error}); export it again") from None

    def settings(self) -> GuardSettings:
        """Read `harmaug.json`, or what `config.json` says where a model has none.

        Raises:
            ModelError: when a file cannot be read, they do not go together, or the labels are not
                those of a guard.
        """
        path = self.folder / "config.json"
        if not path.is_file():
            return GuardSettings.load(self.folder)
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            positions = _positions(config)
            labels = config.get("id2label") or {}
            names = {int(index): str(name) for index, name in labels.items()}
            problem = config.get("problem_type")
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"{path}: not a model's config ({error}); export it again") from None
        if positions is not None and positions < LEAST_WINDOW:
            raise ModelError(
                f"{path}: the model has {positions} positions, and a guard needs {LEAST_WINDOW}: "
                "choose a model that reads more at once"
            )
        if not (self.folder / FILE_NAME).is_file():
            window = min(GuardSettings.window, positions or GuardSettings.window)
            return replace(
                GuardSettings(), window=window, harmful_index=_harmful(names, problem, path)
            )
        settings = GuardSettings.load(self.folder)
        if positions is not None and settings.window > positions:
            raise ModelError(
                f"{self.folder / FILE_NAME}: 'window' is {settings.window} and the model has "
                f"{positions} positions: make it smaller"
            )
        return settings

    def copy(self, folder: Path) -> None:
        """Copy model, tokenizer and config into a folder; nothing where they lie there already.

        Raises:
            ModelError: when the folder holds another model or cannot be written.
        """
        import shutil  # not for a first verdict, which does without

        if folder.resolve() == self.folder.resolve():
            return
        others = [path for kind, path in MODELS.items() if kind != self.precision]
        if any((folder / path).is_file() for path in others):
            raise ModelError(f"{folder} holds another model: save the guard into a new folder")
        texts = [self.folder / name for name in TEXTS if (self.folder / name).is_file()]
        try:
            for path in [*texts, *self.weights]:
                place = folder / path.relative_to(self.folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
        except OSError as error:
            raise ModelError(f"cannot save a guard into {folder} ({error.strerror})") from None


def _positions(config: Mapping[str, object]) -> int | None:
    """How many tokens the model has positions for; None where only their distance counts."""
    positions = config.get("max_position_embeddings")
    if positions is None or config.get("relative_attention"):
        return None
    if not isinstance(positions, int):
        raise TypeError("max_position_embeddings is no number")
    return positions - 2 * (config.get("model_type") in SKIP_POSITIONS)


def _harmful(names: Mapping[int, str], problem: str | None, path: Path) -> int:
    """The logit of harm, by its label; the second where `config.json` names none."""
    if problem == "multi_label_classification" or (names and set(names) != {0, 1}):
        found = ", ".join(names.values()) or "none"
        raise ModelError(
            f"{path}: a guard has two classes of which one holds, not these labels: {found}"
        )
    return harmful_classes(names, str(path), sigmoid=False)[0] if names else 1
