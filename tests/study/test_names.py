"""Names and seeds with which a study would lose scores or claim nothing are refused at once."""

from pathlib import Path

import pytest
from tests.study.heard import Heard, places

from harmaug.config.study import ArmConfig, StudyConfig
from harmaug.errors import ConfigError
from harmaug.study.config import load_study
from harmaug.study.run import run_study


def load(folder: Path, text: str) -> StudyConfig:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("arms: {a/b: {}, a-b: {}}", "arm a/b and arm a-b .* scores in a-b.parquet"),
        ("arms: {plain: {}, Plain: {}}", "arm plain and arm Plain"),
        ("arms: {embedded: {}}\nguards: [embedded]", "arm embedded and guard embedded"),
        ("arms: {a: {}}\nguards: [org/guard, org-guard]", "guard org/guard and guard org-guard"),
        ("arms: {a: {}}\nseeds: []", "seeds is empty"),
        ("arms: {a: {}}\nclaim: {first: a, others: []}", "claim.others is empty"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, named: str, told: str) -> None:
    with pytest.raises(ConfigError, match=f"^mine: .*{told}") as error:
        load(tmp_path, f"name: mine\ntitle: Mine\n{named}\n")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "name", "claims"),
    [
        ("study: table1\nseeds: [7]\n", "mine", True),
        ("study: table1\nname: other\n", "other", True),
        ("study: table1\narms: {eda: {method: eda, eda: {n_aug: 8}}}\n", "mine", False),
        ("study: table1\narms: {more: {}}\nclaim: {others: [more]}\n", "mine", True),
    ],
)
def test_a_file_that_changes_a_study_is_not_taken_for_it(
    tmp_path: Path, text: str, name: str, claims: bool
) -> None:
    found = load(tmp_path, text)
    assert found.name == name
    assert (found.claim is not None) == claims
    assert set(found.arms) >= {"plain", "eda", "harmaug"}


def test_a_guard_that_is_named_twice_is_one(tmp_path: Path) -> None:
    load(tmp_path, "name: mine\ntitle: Mine\narms: {a: {}}\nguards: [embedded, embedded]\n")


def test_a_guard_of_the_command_line_may_not_take_the_scores_of_an_arm(
    config: StudyConfig, tmp_path: Path
) -> None:
    added = config.model_copy(
        update={"arms": {"embedded": ArmConfig()}, "guards": ("embedded",), "claim": None}
    )
    heard = Heard()
    with pytest.raises(ConfigError, match="arm embedded and guard embedded"):
        run_study(added, places(tmp_path), command="", progress=heard)
    with pytest.raises(ConfigError, match="seeds is empty"):
        run_study(
            config.model_copy(update={"seeds": ()}), places(tmp_path), command="", progress=heard
        )
    assert heard.work == [] and not any(tmp_path.iterdir())
