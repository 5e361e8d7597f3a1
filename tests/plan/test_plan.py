"""Plans of presets, without weights, network or data."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from harmaug.cli import commands
from harmaug.cli.app import app
from harmaug.config import load_config
from harmaug.errors import ConfigError, DataError, ModelError
from harmaug.plan import Pilot, Plan, load_machine, make_plan
from harmaug.plan.price import Stage


@pytest.fixture(scope="module")
def paper() -> Plan:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HARMAUG_DATA", raising=False)
        return make_plan(load_config("paper"), load_machine("a100"))


def test_the_paper_is_planned_stage_by_stage(paper: Plan) -> None:
    rows = {stage.stage: stage.rows for stage in paper.stages}
    assert rows["generate"] == rows["respond refusal"] == rows["respond harmful"] == 100_000
    assert rows["label D"] == rows["distil plain"] == 86_759
    assert rows["label synthetic"] == 300_000
    assert rows["distil harmaug"] == 386_759
    assert all(stage.flops > 0 and stage.seconds > 0 for stage in paper.stages)
    assert any("wildguardmix is not on this machine" in line for line in paper.assumptions)
    assert paper.warnings == ()


def test_weights_and_cache_are_those_of_bfloat16(paper: Plan) -> None:
    refusal = next(stage for stage in paper.stages if stage.stage == "respond refusal")
    assert refusal.weight_bytes == 2 * 8_030_261_248
    per_token = 2 * 32 * 8 * 128 * 2
    context = refusal.tokens_in / refusal.rows + refusal.tokens_out / refusal.rows
    assert refusal.cache_bytes == pytest.approx(64 * context * per_token, rel=0.01)


def test_a_small_gpu_is_warned_of_before_it_runs_out() -> None:
    plan = make_plan(load_config("paper", ["generate.samples=100"]), load_machine("l4"))
    assert any("both responders are held at once" in line for line in plan.warnings)


def test_what_changes_the_work_changes_the_plan() -> None:
    def flops(*settings: str) -> dict[str, float]:
        base = ["generate.samples=100", "evaluate.benchmarks=[]"]
        plan = make_plan(load_config("paper", [*base, *settings]), load_machine("a100"))
        return {stage.stage: stage.flops for stage in plan.stages}

    once, twice = flops("distill.epochs=1"), flops("distill.epochs=2")
    assert 1.8 < twice["distil plain"] / once["distil plain"] < 2
    assert "distil plain" not in flops("baseline=false")
    assert "generate" not in flops("generate.samples=0")
    assert flops("generate.filters.mode=drop")["generate"] > 1.1 * once["generate"]


def test_fewer_layers_twins_and_selection_are_planned() -> None:
    def planned(*settings: str) -> dict[str, Stage]:
        alone = ["generate.ablation=0", "generate.twins=null"]
        config = load_config("quickstart", [*alone, *settings])
        return {stage.stage: stage for stage in make_plan(config, load_machine("cpu")).stages}

    whole, one = planned(), planned("distill.layers=1")
    assert one["distil harmaug"].parameters < whole["distil harmaug"].parameters
    twins = planned("generate.twins={share: 0.5}")
    assert twins["label synthetic"].rows == 1.5 * whole["label synthetic"].rows
    assert "label twins" not in whole and twins["label twins"].rows == 400
    chosen = planned("select.instructions=300", "select.kinds=[refusal, harmful]")
    assert chosen["label synthetic"].rows == whole["label synthetic"].rows
    assert chosen["distil harmaug"].rows < whole["distil harmaug"].rows


def test_a_pilot_says_how_many_twins_are_answered() -> None:
    config = load_config("quickstart", ["generate.ablation=0", "generate.filters.mode=count"])
    pilot = Pilot(("how do i bake bread",), {"refusal": ("no",), "harmful": ("yes",)}, 1.0, 0.25)
    rows = {row.stage: row.rows for row in make_plan(config, load_machine("cpu"), pilot).stages}
    assert rows["generate"] == 1600 and rows["label twins"] == 800
    assert rows["respond refusal"] == 1000 and rows["label synthetic"] == 3000


def test_machines_are_a_table_and_files(tmp_path: Path) -> None:
    own = load_machine("h100").model_dump() | {"usd_per_hour": 1.0}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(own))
    assert load_machine(str(tmp_path / "mine.yaml")).usd_per_hour == 1.0
    with pytest.raises(ConfigError, match="did you mean 'a100'"):
        load_machine("a10")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(own | {"prefill": 3}))
    with pytest.raises(ConfigError, match="prefill"):
        load_machine(str(tmp_path / "mine.yaml"))
    for content in ("name: d\xe9j\xe0".encode("latin1"), b"- 1", b"name: [1"):
        (tmp_path / "mine.yaml").write_bytes(content)
        with pytest.raises(ConfigError, match=r"mine\.yaml") as caught:
            load_machine(str(tmp_path / "mine.yaml"))
        assert "\n" not in str(caught.value)


def test_what_is_not_known_is_one_line_with_what_to_do() -> None:
    machine = load_machine("cpu")
    with pytest.raises(ModelError, match=r"distill\.student=FOLDER"):
        make_plan(load_config("paper", ["distill.student=nobody/nothing"]), machine)
    with pytest.raises(DataError, match="HARMAUG_DATA"):
        make_plan(load_config("paper", ["data.train=[nothing_here]"]), machine)
    with pytest.raises(DataError, match=r"data\.train \(nothing\) has no labelled row"):
        make_plan(load_config("paper", ["data.train=[]", "generate.samples=0"]), machine)


def test_the_command_prints_a_table_and_json() -> None:
    if not app.registered_commands:
        commands.register(app)
    small = ["plan", "paper", "--set", "generate.samples=10", "--set", "evaluate.benchmarks=[]"]
    text = CliRunner().invoke(app, small)
    assert text.exit_code == 0
    assert "Llama-Guard-3-8B" in text.output and "assumed:" in text.output
    answer = json.loads(CliRunner().invoke(app, [*small, "--json"]).output)
    assert answer["stages"][0]["stage"] == "generate"
    assert answer["disk"]["models"] > 10e9
