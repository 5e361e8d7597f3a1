"""Steering, twins, selection and the measure of diversity, in a study on tiny real models."""

from pathlib import Path

import pytest
from tests.study.heard import Heard, places

from harmaug.config import RunConfig, to_yaml
from harmaug.config.study import StudyConfig
from harmaug.errors import ConfigError
from harmaug.progress import Quiet
from harmaug.study.report import write_study
from harmaug.study.results import Outcome, Study
from harmaug.study.run import run_study

STEER = {"rounds": 2, "neighbours": 1, "novelty": 0.0, "stop_below": 0.0}


@pytest.fixture(scope="module")
def config(tiny_config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    base = tmp_path_factory.mktemp("study") / "tiny.yaml"
    base.write_text(to_yaml(tiny_config), encoding="utf-8")
    encoder = tiny_config.label.teacher.model
    steer = STEER | {"encoder": encoder}
    return StudyConfig.model_validate(
        {
            "name": "beyond",
            "title": "Beyond",
            "base": str(base),
            "seeds": [1],
            "set": {
                "data.max_rows": 60,
                "generate.samples": 12,
                "generate.filters": {"mode": "drop", "min_words": 1},
                "label.tau": 0.9999,
                "distill.steps": 2,
                "distill.quantise": False,
            },
            "arms": {
                "plain": {"method": "plain"},
                "alone": {},
                "steered": {"set": {"generate.steer": steer}},
                "twins": {"set": {"generate.twins": {"share": 0.5}}},
                "novel": {
                    "set": {
                        "select.instructions": 5,
                        "select.by": "novelty",
                        "select.encoder": encoder,
                    }
                },
                "disputed": {"set": {"select.instructions": 5, "select.by": "disagreement"}},
                "sure": {"set": {"select.instructions": 5, "select.by": "confidence"}},
            },
            "diversity": {"encoder": encoder, "dots": 12},
            "cost": False,
            "resamples": 20,
        }
    )


@pytest.fixture(scope="module")
def finished(
    config: StudyConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Study, Path, list[str]]:
    folder = tmp_path_factory.mktemp("beyond")
    heard = Heard()
    return run_study(config, places(folder), command="", progress=heard), folder, heard.work


def outcome(study: Study, arm: str) -> Outcome:
    return next(one for one in study.outcomes if one.arm == arm)


def trained_on(study: Study, arm: str) -> int:
    """Return how many generated rows an arm trained on."""
    rows = outcome(study, arm).training.rows
    return sum(rows.values()) - rows["labelled"] - rows["left out"]


def test_every_choice_trains_on_as_many_as_it_says(
    finished: tuple[Study, Path, list[str]],
) -> None:
    study, _, work = finished
    assert trained_on(study, "plain") == 0
    assert trained_on(study, "alone") == trained_on(study, "steered") == 12 * 3
    for arm in ("novel", "disputed", "sure"):
        assert trained_on(study, arm) == 5 * 3
    assert len([what for what in work if "distil" in what]) == 7
    assert [what.partition(": ")[2] for what in work].count("generate") == 3


def test_twins_stand_beside_their_instructions(finished: tuple[Study, Path, list[str]]) -> None:
    study, folder, _ = finished
    facts = outcome(study, "twins").synthetic
    assert facts is not None and 12 < facts.kept <= 18 and facts.kept <= facts.drawn
    prompts = (folder / "stages" / outcome(study, "twins").stage / "prompts.json").read_text()
    assert prompts.count("\n") > 13


def test_steering_draws_in_rounds_and_resumes_between_them(
    config: StudyConfig, finished: tuple[Study, Path, list[str]], tmp_path: Path
) -> None:
    study, folder, _ = finished
    assert len(list((folder / "stages").glob("steer-*-r*"))) >= 2

    class Stop(Heard):
        def begin(self, what: str, total: int | None) -> None:
            super().begin(what, total)
            if what == "steered 1: generate" and self.work.count(what) == 2:
                raise KeyboardInterrupt

    alone = config.model_copy(update={"arms": {"steered": config.arms["steered"]}})
    with pytest.raises(KeyboardInterrupt):
        run_study(alone, places(tmp_path), command="", progress=Stop())
    resumed = run_study(alone, places(tmp_path), command="", progress=Quiet())
    assert resumed.outcomes[0].predictions == outcome(study, "steered").predictions


def test_diversity_is_measured_once_and_drawn(
    config: StudyConfig, finished: tuple[Study, Path, list[str]]
) -> None:
    study, folder, work = finished
    measured = {one.arm: one.diversity for one in study.diversity}
    assert set(measured) >= {"alone", "steered", "twins"} and "plain" not in measured
    assert measured["alone"].synthetic == 12 and len(measured["alone"].dots) == 12
    assert "diversity of alone 1" in work
    heard = Heard()
    run_study(config, places(folder), command="", progress=heard)
    assert heard.work == []
    _, page = write_study(study, folder)
    assert (folder / "figures" / "map-alone.svg").is_file()
    assert "D + alone" in (folder / "figures" / "clusters.svg").read_text(encoding="utf-8")
    assert (folder / "tables" / "diversity.csv").is_file()
    assert "to the next of D" in page.read_text(encoding="utf-8")


def test_steering_with_filters_that_only_count_is_an_error(
    config: StudyConfig, tmp_path: Path
) -> None:
    counting = config.set | {"generate.filters": {"mode": "count"}}
    arms = {"steered": config.arms["steered"]}
    wrong = config.model_copy(update={"set": counting, "arms": arms})
    with pytest.raises(ConfigError, match="drop"):
        run_study(wrong, places(tmp_path), command="", progress=Quiet())
