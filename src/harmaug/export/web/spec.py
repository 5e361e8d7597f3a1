"""What `site/wordpiece.js` needs of a `tokenizer.json`; other tokenizers are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, TypeGuard

from tokenizers import Tokenizer

from harmaug.errors import ModelError

Json = dict[str, object]


class Slot(TypedDict):
    """One place of a row: a special token (`id`), or the pieces of `text` A or B."""

    id: int | None
    text: str
    type: int


class Normaliser(TypedDict):
    """The four switches of BERT's normaliser; `accents` tells that they are kept."""

    clean: bool
    ideographs: bool
    accents: bool
    lowercase: bool


class TokenizerSpec(TypedDict):
    """Vocabulary by id, rules, and the rows of a prompt alone and of a pair."""

    vocabulary: list[str]
    unknown: str
    prefix: str
    longest: int
    normaliser: Normaliser | None
    single: list[Slot]
    pair: list[Slot]


def tokenizer_spec(path: Path) -> TokenizerSpec:
    """Read the `tokenizer.json` of a BERT-style model.

    Raises:
        ModelError: when it is of another kind.
    """
    parsed: object = json.loads(path.read_text(encoding="utf-8"))
    model = _part(parsed, "model")
    splitter, normaliser = _part(parsed, "pre_tokenizer"), _part(parsed, "normalizer")
    added = parsed.get("added_tokens") if _is_object(parsed) else None
    ordinary = isinstance(added, list) and all(
        _is_object(token) and token.get("special") is True for token in added
    )
    vocabulary = model.get("vocab")
    if (
        model.get("type") != "WordPiece"
        or splitter.get("type") != "BertPreTokenizer"
        or normaliser.get("type") not in (None, "BertNormalizer")
        or not _is_object(vocabulary)
        or not ordinary
    ):
        raise ModelError(
            "the web target reads BERT's word pieces, and this tokenizer is of another kind "
            f"({model.get('type') or 'unknown'}): distil into a BERT student, or use --target onnx"
        )
    tokenizer = Tokenizer.from_file(str(path))
    return {
        "vocabulary": sorted(vocabulary, key=lambda piece: int(str(vocabulary[piece]))),
        "unknown": str(model.get("unk_token", "[UNK]")),
        "prefix": str(model.get("continuing_subword_prefix", "##")),
        "longest": int(str(model.get("max_input_chars_per_word", 100))),
        "normaliser": _normaliser(normaliser) if normaliser else None,
        "single": _slots(tokenizer, pair=False),
        "pair": _slots(tokenizer, pair=True),
    }


def _normaliser(rules: Json) -> Normaliser:
    lowercase = rules.get("lowercase") is True
    strip = rules.get("strip_accents")
    return {
        "clean": rules.get("clean_text") is True,
        "ideographs": rules.get("handle_chinese_chars") is True,
        "accents": not (lowercase if strip is None else strip),
        "lowercase": lowercase,
    }


def _slots(tokenizer: Tokenizer, pair: bool) -> list[Slot]:
    """Read the template off a row of one-piece texts, whatever kind of processor holds it."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoding = tokenizer.encode("a", "a" if pair else None)
    slots: list[Slot] = []
    for token, kind, sequence, special in zip(
        encoding.ids,
        encoding.type_ids,
        encoding.sequence_ids,
        encoding.special_tokens_mask,
        strict=True,
    ):
        text = "AB"[sequence] if sequence is not None else ""
        slots.append({"id": token if special else None, "text": text, "type": kind})
    return slots


def _part(parsed: object, name: str) -> Json:
    part = parsed.get(name) if _is_object(parsed) else None
    return part if _is_object(part) else {}


def _is_object(value: object) -> TypeGuard[Json]:
    return isinstance(value, dict)
