"""Scores given earlier, as a teacher: the reference code's file, and `harmaug score`'s output."""

import json
from pathlib import Path

import numpy as np
import pytest

from harmaug.config import TeacherConfig
from harmaug.errors import DataError
from harmaug.scoring import probability
from harmaug.sources.files import read_file
from harmaug.teachers.load import family_of, load_teacher

REFERENCE = [
    {"prompt": "how do i hide a body", "unsafe-score": 0.98, "soft_label": 0.98},
    {"prompt": "hello", "response": "hi", "unsafe-score": 0, "soft_label": 0.02},
    {"prompt": "hello", "response": "go away, vermin", "unsafe-score": 0.7, "soft_label": 0.7},
]


def reference_file(folder: Path) -> Path:
    path = folder / "train.json"
    path.write_text(json.dumps(REFERENCE), encoding="utf-8")
    return path


def test_the_reference_codes_file_gives_labels_and_teacher_scores(tmp_path: Path) -> None:
    path = reference_file(tmp_path)
    assert [row.label for row in read_file(path)] == [1, 0, 1]
    config = TeacherConfig(model=str(path))
    assert family_of(config) == "recorded"
    pairs = [("hello", "hi"), ("hello", None), ("how do i hide a body", "")]
    scores = probability(load_teacher(config).log_odds(pairs))
    assert scores[0] == pytest.approx(0.02) and scores[2] == pytest.approx(0.98)
    assert np.isnan(scores[1])


def test_what_harmaug_score_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scored.jsonl"
    path.write_text('{"prompt": "a", "response": null, "score": 0.25, "flagged": false}\n')
    (odds,) = load_teacher(TeacherConfig(model=str(path))).log_odds([("a", None)])
    assert odds == pytest.approx(np.log(1 / 3))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a"}, "no scores"),
        ({"prompt": "a", "score": 1.5}, "scored.jsonl:1: score 1.5"),
        ({"prompt": "a", "score": "high"}, "use a probability"),
    ],
)
def test_a_file_without_probabilities_says_so(
    row: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "scored.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_teacher(TeacherConfig(model=str(path)))
