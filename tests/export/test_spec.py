"""Which tokenizers the web target takes, and how it reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import byte_tokenizer, word_tokenizer

from harmaug.embedded import GUARD
from harmaug.errors import ModelError
from harmaug.export.web.spec import tokenizer_spec


def test_a_bert_tokenizer_is_read_whole() -> None:
    spec = tokenizer_spec(GUARD / "tokenizer.json")
    assert spec["vocabulary"][:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert len(spec["vocabulary"]) == 10240
    assert spec["normaliser"] == {
        "clean": True,
        "ideographs": True,
        "accents": False,
        "lowercase": True,
    }
    places = [(slot["id"], slot["text"], slot["type"]) for slot in spec["pair"]]
    assert places == [(2, "", 0), (None, "A", 0), (3, "", 0), (None, "B", 1), (3, "", 1)]


def test_a_tokenizer_without_normaliser_keeps_the_text(tmp_path: Path) -> None:
    word_tokenizer().save_pretrained(tmp_path)
    assert tokenizer_spec(tmp_path / "tokenizer.json")["normaliser"] is None


def test_other_tokenizers_are_refused(tmp_path: Path) -> None:
    byte_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"of another kind \(BPE\)"):
        tokenizer_spec(tmp_path / "tokenizer.json")
