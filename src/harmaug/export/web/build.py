"""The static folder: the model, what JavaScript must know of the guard, the runtime, a page."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from importlib.resources import files
from pathlib import Path

from harmaug import __version__
from harmaug.errors import ModelError
from harmaug.export.web.runtime import NOTICE, runtime_files
from harmaug.export.web.spec import tokenizer_spec
from harmaug.guard.combine import Rule
from harmaug.guard.settings import GuardSettings
from harmaug.guard.tail import CHANCES
from harmaug.text.lookalikes import NEAR, STYLED, TWINS

SITE = Path(__file__).parent / "site"


def write_site(guard: Path, model: Path, out: Path, name: str) -> None:
    """Write the folder that a web server hands out as it is.

    Args:
        guard: a guard folder: tokenizer and settings.
        model: its ONNX model.
        out: the folder to fill.
        name: what the page calls the guard.

    Raises:
        ModelError: when its tokenizer is not BERT's, its weights lie in a file of their own, or the
            runtime cannot be had.
    """
    if beside := sorted(path.name for path in model.parent.glob(f"{model.name}?*")):
        raise ModelError(
            f"{name} has weights in {beside[0]}, and a browser loads one file: give a guard with "
            "all of them in its ONNX model, or the checkpoint"
        )
    facts = facts_of(guard, name)
    runtime = out / "runtime"
    runtime.mkdir(parents=True)
    for path in runtime_files():
        shutil.copyfile(path, runtime / path.name)
    (runtime / "NOTICE.txt").write_text(NOTICE, encoding="utf-8")
    for path in SITE.iterdir():
        shutil.copyfile(path, out / path.name)
    shutil.copyfile(model, out / "model.onnx")
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    (out / "guard.json").write_text(text, encoding="utf-8")


def facts_of(guard: Path, name: str) -> dict[str, object]:
    """Return what JavaScript must know of a guard folder: `guard.json`.

    Raises:
        ModelError: when its tokenizer is not BERT's.
    """
    settings = GuardSettings.load(guard)
    documents = Rule.for_documents(settings)
    return {
        "name": name if name == "embedded" else Path(name).name,
        "version": __version__,
        "settings": dataclasses.asdict(settings),
        "tails": {
            "text": Rule.for_texts(settings).tail.quantiles,
            "document": documents.tail.quantiles,
            "depth": [-math.log(chance) for chance in CHANCES],
            "least": documents.least,
            "margin": documents.margin,
        },
        "lookalikes": {
            "styled": _letters(STYLED),
            "twins": _letters(TWINS),
            "near": _letters(NEAR),
        },
        "tokenizer": tokenizer_spec(guard / "tokenizer.json"),
        "words": _words() if settings.language == "en" else None,
    }


def _letters(table: dict[int, str]) -> dict[str, str]:
    return {chr(code): letter for code, letter in table.items()}


def _words() -> dict[str, list[str]]:
    lists = files("harmaug.guard")
    return {
        language: lists.joinpath(f"words_{language}.txt").read_text(encoding="utf-8").split()
        for language in ("english", "other")
    }
