"""Ensembles of recorded scores: every number can be followed."""

import json
from pathlib import Path

import numpy as np
import pytest

from harmaug.config import TeacherConfig
from harmaug.errors import ConfigError
from harmaug.scoring import Scorer, log_odds_of, probability
from harmaug.teachers.ensemble import mean
from harmaug.teachers.load import family_of, load_teacher

PROMPTS = ("a", "b", "c", "d")
SCORES = {
    "first": {"a": 0.9, "b": 0.2, "c": 0.4},
    "second": {"a": 0.5, "b": 0.1},
    "third": {"a": 0.1, "c": 0.8},
}


def recorded(folder: Path, name: str) -> str:
    path = folder / f"{name}.jsonl"
    lines = [json.dumps({"prompt": key, "score": score}) for key, score in SCORES[name].items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def ensemble(folder: Path, combine: str, **weights: float) -> Scorer:
    members = [{"model": recorded(folder, name), "weight": weights.get(name, 1)} for name in SCORES]
    config = TeacherConfig.model_validate({"combine": combine, "members": members})
    assert family_of(config) == "ensemble"
    return load_teacher(config)


def scores(scorer: Scorer) -> list[float]:
    return [float(one) for one in probability(scorer.log_odds([(text, None) for text in PROMPTS]))]


def test_the_mean_is_over_probabilities_and_leaves_the_missing_out(tmp_path: Path) -> None:
    expected = [0.5, 0.15, 0.6, float("nan")]
    assert scores(ensemble(tmp_path, "mean")) == pytest.approx(expected, nan_ok=True)


def test_weights_count_and_half_of_them_has_to_answer(tmp_path: Path) -> None:
    found = scores(ensemble(tmp_path, "mean", third=3))
    expected = [(0.9 + 0.5 + 3 * 0.1) / 5, float("nan"), (0.4 + 3 * 0.8) / 4, float("nan")]
    assert found == pytest.approx(expected, nan_ok=True)


def test_the_maximum_needs_all_unless_one_says_unsafe(tmp_path: Path) -> None:
    nan = float("nan")
    assert scores(ensemble(tmp_path, "maximum")) == pytest.approx([0.9, nan, 0.8, nan], nan_ok=True)


def test_log_odds_keep_their_precision_where_probabilities_are_one() -> None:
    odds = np.array([[60.0, -60.0, 50.0], [40.0, -40.0, -50.0]])
    found = mean(odds, np.ones(2))
    # 1 - p is the mean of e^-60 and e^-40, as good as e^-40 / 2
    assert found == pytest.approx([40 + np.log(2), -40 - np.log(2), 0.0])
    assert mean(log_odds_of(np.array([[0.3]])), np.ones(1)) == pytest.approx([np.log(3 / 7)])


def test_what_it_is_names_its_members_and_their_weights(tmp_path: Path) -> None:
    plain, weighted = ensemble(tmp_path, "mean").info, ensemble(tmp_path, "mean", third=3).info
    assert plain.name == "mean of first.jsonl, second.jsonl, third.jsonl"
    assert plain.score_kind == "ensemble"
    assert plain.revision != weighted.revision
    assert plain.parameters is None


def test_an_ensemble_of_nobody_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"label\.teacher\.members"):
        load_teacher(TeacherConfig(family="ensemble"))
