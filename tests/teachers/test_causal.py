"""What a causal guard writes in this process: its likeliest tokens, whatever its files say."""

import json
from pathlib import Path

import pytest
from tests.teachers.guards import guard_tokenizer, save_guard, token, written_by_hand

from harmaug.config import TeacherConfig
from harmaug.teachers.causal import load_reader

HABITS: list[dict[str, object]] = [
    {"repetition_penalty": 50.0},
    {"no_repeat_ngram_size": 1},
    {"do_sample": True, "temperature": 9.0, "top_k": 40},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that says one word again and again."""
    return save_guard(tmp_path, guard_tokenizer(None, [], [" yes"]), {" yes": [" yes"]})


def habits(folder: Path, more: dict[str, object]) -> None:
    path = folder / "generation_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(settings | more), encoding="utf-8")


@pytest.mark.parametrize("habit", HABITS)
def test_a_checkpoints_habits_change_nothing_that_is_written(
    folder: Path, habit: dict[str, object]
) -> None:
    habits(folder, habit)
    reader = load_reader(TeacherConfig(model=str(folder)))
    texts = ["bread yes", "the quick brown fox yes"]
    by_hand = [written_by_hand(folder, reader.tokenizer, text, " yes" * 6, 6) for text in texts]
    assert by_hand == ["", ""]
    assert reader.write(texts, 6) == [" yes" * 6, " yes" * 6]


def test_a_model_still_stops_at_any_of_its_ends(folder: Path) -> None:
    reader = load_reader(TeacherConfig(model=str(folder)))
    yes = token(reader.tokenizer, " yes")
    habits(folder, {"eos_token_id": [yes, reader.tokenizer.eos_token_id]})
    stopped = load_reader(TeacherConfig(model=str(folder))).write(["bread yes"], 6)
    assert stopped == [" yes"]
