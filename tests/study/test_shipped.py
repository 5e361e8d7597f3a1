from pathlib import Path

import pytest

from harmaug.cli.study import study as command
from harmaug.errors import ConfigError
from harmaug.study.config import arm_config, known_studies, load_study
from harmaug.study.results import file_name, scores_path

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "configs" / "studies").glob("*.yaml"))


@pytest.mark.parametrize("name", [*known_studies(), *FILES], ids=str)
def test_every_arm_of_a_shipped_study_is_a_configuration(name: str | Path) -> None:
    study = load_study(name)
    configs = [arm_config(study, arm, study.seeds[0]) for arm in study.arms]
    assert len({config.evaluate for config in configs}) == 1
    assert len({(config.distill.steps, config.distill.epochs) for config in configs}) == 1
    assert len({config.data for config in configs}) == 1


def test_help_and_docs_name_every_study() -> None:
    docs = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    for name in known_studies():
        assert name in (command.__doc__ or "") and f"| `{name}` |" in docs


def test_benchmarks_and_guards_that_are_paths_get_file_names() -> None:
    assert file_name("../train/stormfront_hate") == "..-train-stormfront_hate"
    assert scores_path(Path("out"), "org/guard").parts == ("out", "scores", "org-guard.parquet")


def test_settings_from_the_command_line_hold_for_every_arm_or_are_refused() -> None:
    study = load_study("size", ["distill.steps=7", "select.by=novelty"])
    for arm in ("all", "250"):
        assert arm_config(study, arm, 1).distill.steps == 7
        assert arm_config(study, arm, 1).select.by == "novelty"


@pytest.mark.parametrize(
    ("name", "setting", "arm"),
    [
        ("size", "select.instructions=3", "125"),
        ("balanced", "generate.samples=100", "balanced"),
        ("steered", "generate.steer.rounds=4", "steered"),
    ],
)
def test_what_an_arm_sets_itself_is_no_setting_for_all(name: str, setting: str, arm: str) -> None:
    with pytest.raises(ConfigError, match=f"arm {arm} of {name} sets .* itself; write a file"):
        load_study(name, [setting])
