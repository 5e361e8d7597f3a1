"""A study that was killed, or lost stages, between one piece of work and the next."""

import shutil
from pathlib import Path

import pytest
from tests.study.heard import Heard, places

from harmaug.config.study import StudyConfig
from harmaug.errors import RunFolderError
from harmaug.progress import Quiet
from harmaug.study import run
from harmaug.study.report import write_study
from harmaug.study.results import Study
from harmaug.study.run import run_study


@pytest.fixture(scope="module")
def small(config: StudyConfig) -> StudyConfig:
    arms = {"plain": config.arms["plain"]}
    return config.model_copy(update={"arms": arms, "claim": None, "seeds": (1,), "figure": None})


@pytest.fixture(scope="module")
def done(small: StudyConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("done")
    run_study(small, places(folder), command="", progress=Quiet())
    return folder


@pytest.fixture
def copied(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(done, tmp_path / "study"))


def kill(*_: object) -> None:
    raise KeyboardInterrupt


def test_scores_are_replaced_at_the_very_end(
    small: StudyConfig, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.stat().st_ino for path in copied.glob("scores/*")}
    monkeypatch.setattr(run, "measure_diversity", kill)
    with pytest.raises(KeyboardInterrupt):
        run_study(small, places(copied), command="", progress=Quiet())
    assert len(before) == 2
    assert before == {path: path.stat().st_ino for path in copied.glob("scores/*")}


def test_scores_of_another_run_of_the_study_are_told(
    small: StudyConfig, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = small.model_copy(update={"seeds": (1, 2)})
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Study, "save", kill)
        run_study(more, places(copied), command="", progress=Quiet())
    with pytest.raises(RunFolderError, match="another run of this study: run the same") as told:
        write_study(Study.load(copied), copied)
    assert "\n" not in str(told.value)
    write_study(run_study(more, places(copied), command="", progress=Quiet()), copied)


def test_predictions_that_were_deleted_are_made_again(small: StudyConfig, copied: Path) -> None:
    scores = {path: path.read_bytes() for path in copied.glob("scores/*")}
    for path in copied.glob("stages/predict-*"):
        shutil.rmtree(path)
    heard = Heard()
    run_study(small, places(copied), command="", progress=heard)
    assert len(heard.work) == 2 and all("on quickstart-test" in what for what in heard.work)
    assert {path: path.read_bytes() for path in copied.glob("scores/*")} == scores
