from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from recipes.guard.authored import read_authored
from recipes.guard.documents import FILES, calm_answers, document, harmless_answers
from recipes.guard.windows import CALM_WORDS, insert

ANSWERS = [f"answer {number} has five words" for number in range(40)]


def test_a_document_has_its_words_and_no_paragraph_twice() -> None:
    text = document(ANSWERS, 100, random.Random(0))
    paragraphs = text.split("\n\n")
    assert len(paragraphs) == len(set(paragraphs)) == 20
    assert text != document(ANSWERS, 100, random.Random(1))
    with pytest.raises(ValueError, match="too few"):
        document(ANSWERS, 201, random.Random(0))


def test_what_sets_the_windows_does_not_measure_them(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for name in FILES:
        with gzip.open(tmp_path / "train" / f"{name}.jsonl.gz", "wt") as file:
            for number, label in enumerate((0, 0, 0, 1)):
                row = {"prompt": "a", "response": f"{name} {number}", "label": label}
                file.write(json.dumps(row) + "\n")
    fit = set(harmless_answers(tmp_path, "fit"))
    measure = set(harmless_answers(tmp_path, "measure"))
    assert not fit & measure
    assert fit | measure == {f"{name} {number}" for name in FILES for number in range(3)}


def test_a_sentence_is_put_between_paragraphs() -> None:
    text = document(ANSWERS, 50, random.Random(0))
    inside = insert("found me", text, random.Random(0)).split("\n\n")
    inside.remove("found me")
    assert inside == text.split("\n\n")


def test_calm_answers_are_none_that_are_held_and_enough_for_a_document() -> None:
    calm = calm_answers()
    held = {row.example.response for row in read_authored() if row.held}
    assert not held & set(calm)
    assert len(document(calm, CALM_WORDS, random.Random(0)).split()) >= CALM_WORDS
