"""Finding a guard's files: embedded, in a folder, or on the hub."""

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
from harmaug.scoring import harmful_classes

Precision = Literal["auto", "int8", "fp32"]

EMBEDDED = Path(__file__).parents[1] / "assets" / "guard"
_MODELS = {"int8": Path("onnx/model_quantized.onnx"), "fp32": Path("onnx/model.onnx")}
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@dataclass(frozen=True)
class GuardFiles:
    """A guard that was found: its name, its folder and the model to run."""

    name: str
    folder: Path
    model: Path
    precision: Literal["int8", "fp32"]

    @property
    def revision(self) -> str:
        """Content hash of the weights."""
        import hashlib

        with self.model.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]

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
            ModelError: when the file cannot be read, or its labels are not those of a guard.
        """
        path = self.folder / "config.json"
        if (self.folder / FILE_NAME).is_file() or not path.is_file():
            return GuardSettings.load(self.folder)
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            positions = config.get("max_position_embeddings")
            window = min(GuardSettings.window, int(positions or GuardSettings.window))
            labels = config.get("id2label") or {}
            names = {int(index): str(name) for index, name in labels.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not a model's config ({error}); export it again") from None
        harmful = _harmful(names, config.get("problem_type"), path)
        return replace(GuardSettings(), window=window, harmful_index=harmful)


def find(ref: str | Path, precision: Precision = "auto") -> GuardFiles:
    """Find the files of a guard by its reference; int8 is preferred where both are there.

    Raises:
        ModelError: when there is none, saying what to do.
    """
    if str(ref) == "embedded":
        folder, name = EMBEDDED, "embedded"
        if not any((folder / path).is_file() for path in _MODELS.values()):
            raise ModelError(
                "this build has no embedded guard: give a folder or a hub id to Guard.load()"
            )
    elif Path(ref).is_dir():
        folder, name = Path(ref), str(ref)
    elif _HUB_ID.fullmatch(str(ref)):
        folder, name = _download(str(ref)), str(ref)
    else:
        raise ModelError(f"no guard '{ref}': it is neither 'embedded', a folder nor a hub id")
    wanted: tuple[Literal["int8", "fp32"], ...] = (
        ("int8", "fp32") if precision == "auto" else (precision,)
    )
    for kind in wanted:
        if (folder / _MODELS[kind]).is_file():
            return GuardFiles(name, folder, folder / _MODELS[kind], kind)
    raise ModelError(_no_model(name, folder, precision))


def _harmful(names: Mapping[int, str], problem: str | None, path: Path) -> int:
    """The logit of harm, by its label; the second where `config.json` names none."""
    if problem == "multi_label_classification" or (names and set(names) != {0, 1}):
        found = ", ".join(names.values()) or "none"
        raise ModelError(
            f"{path}: a guard has two classes of which one holds, not these labels: {found}"
        )
    return harmful_classes(names, str(path), sigmoid=False)[0] if names else 1


def _no_model(name: str, folder: Path, precision: Precision) -> str:
    present = [kind for kind, path in _MODELS.items() if (folder / path).is_file()]
    if present:
        return f"{name} has no {precision} model: load it with precision='{present[0]}'"
    if any(any(folder.glob(pattern)) for pattern in _WEIGHTS):
        return (
            f"{name} is a torch checkpoint without ONNX: run `harmaug export {name} DIR`, "
            "then load DIR"
        )
    return f"{name} is not a guard: it has no onnx/model.onnx and no checkpoint to export"


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    patterns = ["tokenizer.json", "config.json", FILE_NAME, *map(str, _MODELS.values())]
    try:
        folder = Path(snapshot_download(hub_id, allow_patterns=patterns))
        if not any((folder / path).is_file() for path in _MODELS.values()):
            raise ModelError(
                f"{hub_id} has no ONNX model on the hub: run `harmaug export {hub_id} DIR`, "
                "then load DIR"
            )
    except ModelError:
        raise
    except Exception as error:  # the hub's and its transport's errors share no base class
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"cannot get '{hub_id}' from the hub ({reason}); check the id and the network, "
            "or give a folder"
        ) from None
    return folder
