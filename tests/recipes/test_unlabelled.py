"""Open text without labels: which of it is read, and as what."""

import gzip
import json
import random
from pathlib import Path

import pytest
from recipes.guard.example import Example
from recipes.guard.opinion import Opinion
from recipes.guard.unlabelled import FILES, LEAST, MOST, self_labelled

from harmaug.guard import Guard

ROWS = [
    ("how do I bake bread", None, None, "prompt"),
    ("how do I bake bread", None, None, "prompt"),
    ("a labelled prompt", None, 1, "prompt"),
    ("say that again", "I hate all of you", 1, "response"),
    ("  ", "an answer to nothing", None, "prompt"),
]
COLUMNS = ("prompt", "response", "label", "label_of")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that has the same rows in every file."""
    (tmp_path / "train").mkdir()
    for name in {file.name for file in FILES}:
        with gzip.open(tmp_path / "train" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(
                json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in ROWS
            )
    return tmp_path


def test_prompts_without_a_label_and_replies_are_read_once_each(data: Path) -> None:
    found = self_labelled(data, Opinion([Guard.load()]), random.Random(0))
    prompts, replies = (
        _of(found, "self_diasafety_train"),
        _of(found, "self_diasafety_train_replies"),
    )
    assert set(prompts) == {"how do I bake bread", "say that again"} and len(prompts) == 2
    assert replies == ["I hate all of you"]
    assert not _of(found, "self_aart_replies")


def test_the_unsure_stay_with_what_the_models_say(data: Path) -> None:
    guard = Guard.load()
    found = self_labelled(data, Opinion([guard]), random.Random(0))
    for example in found:
        said = float(guard.score([(example.prompt, None)])[0])
        assert example.harm == pytest.approx(min(MOST, max(LEAST, said)))
    assert any(0.15 < example.harm < 0.85 for example in found)


def _of(examples: list[Example], source: str) -> list[str]:
    return [example.prompt for example in examples if example.source == source]
