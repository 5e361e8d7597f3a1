"""A study on tiny real models: run, interrupted, run again, reported."""

import csv
import shutil
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.study.heard import Heard, places

from harmaug.augment import synonyms
from harmaug.config.study import ArmConfig, StudyConfig
from harmaug.errors import ConfigError, HarmaugError, RunFolderError
from harmaug.progress import Quiet
from harmaug.study import outcome
from harmaug.study.config import arm_config, load_study
from harmaug.study.report import write_study
from harmaug.study.results import Study, read_scores
from harmaug.study.run import Places, run_study
from harmaug.study.summary import Summary


def test_arms_share_every_stage_they_can(finished: tuple[Study, Path, list[str]]) -> None:
    study, _, work = finished
    assert [(one.arm, one.seed) for one in study.outcomes] == [
        (arm, seed) for seed in (1, 2) for arm in ("plain", "eda", "given", "harmaug", "fewer")
    ]
    done = [what.partition(": ")[2] for what in work]
    assert done.count("generate") == 2
    assert done.count("respond") == 4
    assert done.count("label D") == 2
    assert sum(what.startswith("distil") for what in done) == 10


def test_every_arm_trains_as_long_and_on_its_own_rows(
    finished: tuple[Study, Path, list[str]],
) -> None:
    study, _, _ = finished
    first = {one.arm: one for one in study.outcomes if one.seed == 1}
    assert {one.training.steps for one in study.outcomes} == {3}
    rows = {arm: sum(one.training.rows.values()) for arm, one in first.items()}
    assert rows["plain"] == 60 and rows["eda"] == 120 and rows["fewer"] == 60 + 2 * 3
    assert rows["given"] == rows["harmaug"] == 60 + 6 * 3
    assert first["plain"].epochs > first["harmaug"].epochs
    assert len({one.revision for one in study.outcomes}) == 2


def test_interrupted_and_resumed_it_repeats_nothing(
    config: StudyConfig, finished: tuple[Study, Path, list[str]], tmp_path: Path
) -> None:
    whole, _, work = finished
    heard: list[str] = []
    for stop in ("eda 1: distil", "given 1: respond", "harmaug 2: distil"):
        stopped = Heard(stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(config, places(tmp_path), command="", progress=stopped)
        heard += stopped.work[:-1]
    last = Heard()
    study = run_study(config, places(tmp_path), command="", progress=last)
    assert sorted(heard + last.work) == sorted(work)
    assert study.outcomes[0].predictions == whole.outcomes[0].predictions
    again = Heard()
    run_study(config, places(tmp_path), command="", progress=again)
    assert again.work == []
    assert len((tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()) == 11


def test_the_report_needs_the_scores_alone(
    finished: tuple[Study, Path, list[str]], tmp_path: Path
) -> None:
    _, folder, _ = finished
    for name in ("study.json", "scores"):
        source = folder / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    started = time.monotonic()
    summary, page = write_study(Study.load(tmp_path), tmp_path)
    assert time.monotonic() - started < 10
    assert "Claim, written down before" in page.read_text(encoding="utf-8")
    main = (tmp_path / "tables" / "main.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(main.splitlines()))
    assert [row["arm"] for row in rows][:5] == summary.arms
    assert float(rows[0]["quickstart-test AUPRC low"]) <= float(rows[0]["quickstart-test AUPRC"])
    for kind in ("md", "tex"):
        assert (tmp_path / "tables" / f"differences.{kind}").stat().st_size > 0
    drawn = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert drawn == {"arms", "gaps", "curve"}
    for path in (tmp_path / "figures").iterdir():
        assert ET.parse(path).getroot().tag.endswith("svg")


def test_figures_are_means_over_seeds_of_the_stored_scores(
    finished: tuple[Study, Path, list[str]],
) -> None:
    study, folder, _ = finished
    from sklearn.metrics import average_precision_score

    kept = read_scores(folder, "harmaug")
    each = [
        average_precision_score(
            kept["quickstart-test", seed].labels, kept["quickstart-test", seed].scores
        )
        for seed in (1, 2)
    ]
    found = Summary.of(study, folder).figure("harmaug", "quickstart-test", "auprc")
    assert found.seeds == pytest.approx(each, abs=1e-6)
    assert found.estimate.value == pytest.approx(sum(each) / 2, abs=1e-6)


def test_an_arm_sets_over_the_study_and_the_study_over_the_base(config: StudyConfig) -> None:
    made = arm_config(config, "fewer", 7)
    assert (made.seed, made.select.instructions, made.generate.samples) == (7, 2, 6)
    assert made.name == "tiny-fewer-7"


def test_what_a_study_cannot_mean_is_one_line(config: StudyConfig, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "study: table1\ncompare: [[harmaug, plane]]\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"compares 'plane'; did you mean 'plain'\?"):
        load_study(tmp_path / "mine.yaml")
    with pytest.raises(ConfigError, match=r"no study 'tabel1'; did you mean 'table1'\?"):
        load_study("tabel1")
    wrong = config.model_copy(update={"set": {"distill.stepz": 3}})
    with pytest.raises(ConfigError, match=r"distill\.stepz.*did you mean 'steps'"):
        run_study(wrong, places(tmp_path / "out"), command="", progress=Quiet())
    with pytest.raises(RunFolderError, match=r"study\.json"):
        Study.load(tmp_path)


def test_a_file_with_too_few_prompts_says_so(config: StudyConfig, tmp_path: Path) -> None:
    many = config.model_copy(update={"set": config.set | {"generate.samples": 20}, "seeds": (1,)})
    from harmaug.errors import DataError

    arms = {"given": config.arms["given"]}
    alone = many.model_copy(update={"arms": arms, "claim": None, "guards": ()})
    with pytest.raises(DataError, match="20 are needed"):
        run_study(alone, places(tmp_path), command="", progress=Quiet())


@pytest.mark.slow
def test_what_students_and_guards_cost_is_measured_once(
    config: StudyConfig, tmp_path: Path
) -> None:
    arms = {"plain": config.arms["plain"]}
    changes = {"arms": arms, "claim": None, "cost": True, "seeds": (1,)}
    study = config.model_copy(update=changes)
    made = run_study(study, places(tmp_path), command="", progress=Quiet())
    assert [one.guard for one in made.costs] == ["plain", *config.guards]
    assert all(one.flops_per_example and one.speed for one in made.costs)
    student = tmp_path / "stages" / made.outcomes[0].student
    shutil.rmtree(student)
    heard = Heard()
    again = run_study(study, places(tmp_path), command="", progress=heard)
    assert heard.work == [] and again.costs == made.costs
    for measured in (tmp_path / "stages").glob("cost-*"):
        shutil.rmtree(measured)
    with pytest.raises(RunFolderError, match=f"{student.name} was deleted.* set cost: false"):
        run_study(study, places(tmp_path), command="", progress=Quiet())
    write_study(made, tmp_path)
    assert "MFLOPs/example" in (tmp_path / "tables" / "cost.csv").read_text(encoding="utf-8")


def test_a_guard_that_is_not_there_is_told_before_anything_is_spent(
    config: StudyConfig, tmp_path: Path
) -> None:
    missing = config.model_copy(update={"guards": (str(tmp_path / "nowhere"),)})
    heard = Heard()
    with pytest.raises(HarmaugError, match="nowhere"):
        run_study(missing, Places(tmp_path, tmp_path, tmp_path / "l"), command="", progress=heard)
    assert heard.work == []


def test_what_eda_made_with_other_synonyms_is_not_taken_for_wordnets(
    config: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = ArmConfig(method="eda")
    settings = arm_config(config, "eda", 1)
    before = outcome._sources(arm, settings)
    monkeypatch.setattr(synonyms, "has_wordnet", lambda: True)
    assert outcome._sources(arm, settings) != before
