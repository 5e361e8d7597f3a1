"""A plan from a small run, against a larger run that was measured."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harmaug.cli import commands
from harmaug.cli.app import app
from harmaug.config import RunConfig, to_yaml
from harmaug.errors import RunFolderError
from harmaug.evaluate.results import Results
from harmaug.pipeline import run
from harmaug.plan import Pilot


@pytest.fixture(scope="module")
def measured(
    tiny_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Results, Path]:
    """A run of three times as many instructions, and its configuration."""
    changed = tiny_config.model_dump(mode="json")
    changed["seed"] = 7
    changed["generate"]["samples"] *= 3
    config = RunConfig.model_validate(changed)
    folder = tmp_path_factory.mktemp("measured")
    (folder / "larger.yaml").write_text(to_yaml(config), encoding="utf-8")
    return run(config, folder / "run"), folder / "larger.yaml"


def test_a_plan_from_a_pilot_is_within_a_quarter_of_the_run(
    measured: tuple[Results, Path], tiny_run: tuple[Results, Path]
) -> None:
    results, config = measured
    arguments = ["plan", str(config), "--machine", "cpu", "--pilot", str(tiny_run[1]), "--json"]
    commands.register(app)
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    stages = {stage["stage"]: stage for stage in json.loads(found.stdout)["stages"]}
    generation = results.generation
    expected = {
        ("generate", "rows"): generation.drawn,
        ("generate", "tokens_in"): generation.tokens_in,
        ("generate", "tokens_out"): generation.tokens_out,
    }
    for kind in generation.kinds:
        if kind.tokens_out:
            expected[f"respond {kind.kind}", "rows"] = kind.n
            expected[f"respond {kind.kind}", "tokens_in"] = kind.tokens_in
            expected[f"respond {kind.kind}", "tokens_out"] = kind.tokens_out
    for facts in results.training:
        expected[f"distil {facts.guard}", "tokens_in"] = facts.tokens
    assert len(expected) == 11
    for (stage, what), value in expected.items():
        assert stages[stage][what] == pytest.approx(value, rel=0.25), (stage, what)


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"results\.json"):
        Pilot.of(tmp_path)
