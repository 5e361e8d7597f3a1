from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.guard.test_load import copied, refused

from harmaug.guard import Guard, GuardSettings


def test_a_window_beyond_the_models_positions_says_so(guard_folder: Path, tmp_path: Path) -> None:
    folder = copied(guard_folder, tmp_path)
    replace(GuardSettings.load(folder), window=65).save(folder)
    refused(folder, r"harmaug\.json: 'window' is 65 and the model has 64 positions")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "relative_attention": True}))
    assert Guard.load(folder).settings.window == 65


def test_a_model_without_settings_takes_its_window_from_its_config(
    guard_folder: Path, tmp_path: Path
) -> None:
    folder = copied(guard_folder, tmp_path, "harmaug.json")
    positions = json.loads((folder / "config.json").read_text())["max_position_embeddings"]
    assert Guard.load(folder).settings.window == positions


def test_a_model_that_reads_too_little_at_once_says_so(guard_folder: Path, tmp_path: Path) -> None:
    refused(
        _configured(guard_folder, tmp_path, max_position_embeddings=31),
        r"config\.json: the model has 31 positions, and a guard needs 32",
    )


def _configured(guard_folder: Path, tmp_path: Path, **values: object) -> Path:
    """A copy without settings whose `config.json` says so."""
    folder = copied(guard_folder, tmp_path, "harmaug.json")
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return folder


@pytest.mark.parametrize(
    ("labels", "index"),
    [
        ({"0": "unsafe", "1": "safe"}, 0),
        ({"0": "safe", "1": "unsafe"}, 1),
        ({"0": "LABEL_0", "1": "LABEL_1"}, 1),
        ({}, 1),
        (None, 1),
    ],
)
def test_a_model_without_settings_has_harm_where_its_labels_say(
    guard_folder: Path, tmp_path: Path, labels: object, index: int
) -> None:
    guard = Guard.load(_configured(guard_folder, tmp_path, id2label=labels))
    assert guard.settings.harmful_index == index
    right = Guard.load(guard_folder).check("how do i bake bread").log_odds
    expected = right if index else -right
    assert guard.check("how do i bake bread").log_odds == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"id2label": {"0": "safe", "1": "toxic", "2": "unsafe"}}, "two classes"),
        ({"id2label": {"0": "unsafe"}}, "two classes"),
        ({"problem_type": "multi_label_classification"}, "two classes"),
        ({"id2label": {"0": "no", "1": "yes"}}, "do not tell harm from harmless"),
        ({"id2label": {"a": "no"}}, "not a model's config"),
        ({"id2label": ["no"]}, "not a model's config"),
        ({"max_position_embeddings": "many"}, "not a model's config"),
    ],
)
def test_labels_that_are_no_guards_say_so(
    guard_folder: Path, tmp_path: Path, values: dict[str, object], says: str
) -> None:
    refused(_configured(guard_folder, tmp_path, **values), says)


def test_a_config_without_a_number_of_positions_gets_the_usual_window(
    guard_folder: Path, tmp_path: Path
) -> None:
    folder = _configured(guard_folder, tmp_path, max_position_embeddings=None)
    assert Guard.load(folder).settings.window == GuardSettings.window
