"""A setting that decides no row redoes no stage; one that decides some redoes what follows."""

import shutil
from pathlib import Path

import pytest
from tests.pipeline.test_run import Heard

from harmaug.augment.exemplars import harmful_prompts
from harmaug.config import RunConfig
from harmaug.evaluate.results import Results
from harmaug.executors.local import LocalExecutor
from harmaug.pipeline import run
from harmaug.pipeline.context import ROWS_HERE, ROWS_SERVED, Context
from harmaug.pipeline.data import labelled_data
from harmaug.pipeline.generation import generation_name
from harmaug.progress import Quiet
from harmaug.runs.folder import RunFolder

SERVER = {"backend": "openai", "model": "m", "base_url": "http://127.0.0.1:1/v1"}
MODERATION = {"model": "omni-moderation-latest"}


def changed(config: RunConfig, **llm: object) -> RunConfig:
    tree = config.model_dump(mode="json")
    for settings in (tree["generate"], tree["respond"]["refusal"], tree["respond"]["harmful"]):
        settings["llm"] |= llm
    tree["label"]["teacher"] |= {name: value for name, value in llm.items() if name != "dtype"}
    return RunConfig.model_validate(tree)


def test_how_fast_and_patiently_models_are_asked_redoes_nothing(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_run[1], tmp_path / "run"))
    heard = Heard()
    run(changed(tiny_config, batch_size=3, retries=1, timeout_s=9.0), folder, heard)
    assert heard.work == []


@pytest.mark.parametrize("setting", [{"batch_size": 3}, {"timeout_s": 9.0}, {"dtype": "float16"}])
def test_what_decides_the_responses_is_told_from_what_does_not(
    tiny_config: RunConfig, setting: dict[str, object]
) -> None:
    found = changed(tiny_config, **setting).respond.deciding()
    assert (found == tiny_config.respond.deciding()) == ("dtype" not in setting)
    assert tiny_config.respond.deciding() == tiny_config.respond


def test_parts_are_as_large_as_the_stages_own_models_want(tmp_path: Path) -> None:
    def sizes(settings: dict[str, object]) -> tuple[int, int, int]:
        config = RunConfig.model_validate(settings)
        context = Context(config, RunFolder(tmp_path), LocalExecutor(config.executor), Quiet())
        role = config.respond.harmful
        assert role is not None
        models = (config.generate.llm, role.llm, config.label.teacher)
        generated, answered, labelled = (context.part_rows(model) for model in models)
        return generated, answered, labelled

    assert ROWS_SERVED >= 64 * RunConfig().generate.llm.concurrency > ROWS_HERE
    assert sizes({}) == (ROWS_HERE,) * 3
    assert sizes({"generate": {"llm": SERVER}}) == (ROWS_SERVED, ROWS_HERE, ROWS_HERE)
    assert sizes({"respond": {"harmful": {"llm": SERVER}}}) == (ROWS_HERE, ROWS_SERVED, ROWS_HERE)
    assert sizes({"label": {"teacher": MODERATION}}) == (ROWS_HERE, ROWS_HERE, ROWS_SERVED)
    assert sizes({"label": {"teacher": MODERATION}, "part_rows": 7}) == (7, 7, 7)


def test_another_teacher_generates_nothing_anew(tiny_config: RunConfig, tmp_path: Path) -> None:
    pool = harmful_prompts(labelled_data(tiny_config.data, tiny_config.seed))

    def name(settings: dict[str, object]) -> str:
        tree = tiny_config.model_dump(mode="json") | {"part_rows": None} | settings
        config = RunConfig.model_validate(tree)
        context = Context(config, RunFolder(tmp_path), LocalExecutor(config.executor), Quiet())
        return generation_name(context, pool, [])

    assert name({"label": {"teacher": MODERATION}}) == name({})
    assert name({"seed": 7}) != name({})
