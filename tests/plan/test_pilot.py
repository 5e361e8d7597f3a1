"""A plan from a small run, against a larger run that was measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from tests.plan.test_asked import Passes, lines
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from typer.testing import CliRunner

from harmaug.cli import commands
from harmaug.cli.app import app
from harmaug.config import RunConfig, TeacherConfig, to_yaml
from harmaug.errors import RunFolderError
from harmaug.evaluate.lengths import lengths
from harmaug.evaluate.results import Results
from harmaug.evaluate.sources import GuardSource
from harmaug.pipeline import run
from harmaug.pipeline.data import benchmark_data
from harmaug.plan import Pilot, load_machine
from harmaug.teachers import causal
from harmaug.teachers.checkpoint import load_causal

Planned = Mapping[str, Mapping[str, float]]
TIMED = (
    "generate",
    "respond refusal",
    "respond harmful",
    "label synthetic",
    "distil plain",
    "distil harmaug",
)


@dataclass(frozen=True)
class Measured:
    """A run of three times as many instructions, with a causal teacher whose passes are counted."""

    results: Results
    folder: Path
    config: RunConfig
    teacher: Passes


@pytest.fixture(scope="module")
def measured(tiny_config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = tmp_path_factory.mktemp("measured")
    lines("mistral", {":": [" yes", " no"]})(folder / "wildguard")
    changed = tiny_config.model_dump(mode="json")
    changed["seed"] = 7
    changed["generate"]["samples"] *= 3
    changed["label"]["teacher"] = {"family": "wildguard", "model": str(folder / "wildguard")}
    config = RunConfig.model_validate(changed)
    passes = Passes()

    def counted(config: TeacherConfig) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        model, tokenizer = load_causal(config)
        model.register_forward_pre_hook(passes.count, with_kwargs=True)
        return model, tokenizer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(causal, "load_causal", counted)
        results = run(config, folder / "run")
    return Measured(results, folder / "run", config, passes)


def plan_of(config: RunConfig, pilot: Path, machine: str, folder: Path) -> Planned:
    """What the command plans, by stage, and the disk."""
    file = folder / "planned.yaml"
    file.write_text(to_yaml(config), encoding="utf-8")
    if not app.registered_commands:
        commands.register(app)
    arguments = ["plan", str(file), "--machine", machine, "--pilot", str(pilot), "--json"]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    plan = json.loads(found.stdout)
    return {"disk": plan["disk"], **{stage["stage"]: stage for stage in plan["stages"]}}


@pytest.fixture(scope="module")
def planned(measured: Measured, tiny_run: tuple[Results, Path]) -> Planned:
    return plan_of(measured.config, tiny_run[1], "cpu", measured.folder.parent)


def test_a_plan_from_a_pilot_is_within_a_quarter_of_the_run(
    measured: Measured, planned: Planned
) -> None:
    results = measured.results
    generation = results.generation
    expected = {
        ("generate", "rows"): generation.drawn,
        ("generate", "tokens_in"): generation.tokens_in,
        ("generate", "tokens_out"): generation.tokens_out,
        ("label D", "rows"): results.data.n,
        ("label synthetic", "rows"): sum(kind.n for kind in generation.kinds),
    }
    for kind in generation.kinds:
        if kind.tokens_out:
            expected[f"respond {kind.kind}", "rows"] = kind.n
            expected[f"respond {kind.kind}", "tokens_in"] = kind.tokens_in
            expected[f"respond {kind.kind}", "tokens_out"] = kind.tokens_out
    for facts in results.training:
        expected[f"distil {facts.guard}", "tokens_in"] = facts.tokens
    (tested,) = benchmark_data(measured.config.evaluate).values()
    student = GuardSource.of_student(measured.folder / "student", quantised=True)
    read = lengths(student, student.load, [(row.prompt, row.response) for row in tested])
    assert read is not None
    for guard in ("plain", "harmaug", "harmaug-fp32"):
        expected[f"evaluate {guard}", "rows"] = len(tested)
        expected[f"evaluate {guard}", "tokens_in"] = sum(sum(row.windows) for row in read)
    assert len(expected) == 19
    for (stage, what), value in expected.items():
        assert planned[stage][what] == pytest.approx(value, rel=0.25), (stage, what)


def test_so_are_the_tokens_that_the_teacher_read(measured: Measured, planned: Planned) -> None:
    stages = ("label D", "label synthetic", "evaluate teacher on quickstart-test")
    assert measured.results.data.missing < measured.results.data.n / 2
    tokens = sum(planned[stage]["tokens_in"] for stage in stages)
    assert tokens == pytest.approx(measured.teacher.read, rel=0.25)


def test_so_is_the_disk_but_for_what_small_files_add(measured: Measured, planned: Planned) -> None:
    config, disk = measured.config, planned["disk"]
    models = {config.generate.llm.model, config.label.teacher.model, config.distill.student}
    weights = sum((Path(str(model)) / "model.safetensors").stat().st_size for model in models)
    assert disk["models"] == pytest.approx(weights, rel=0.25)
    assert disk["rows"] == pytest.approx(generated_characters(measured.folder), rel=0.25)
    students = (measured.folder / "stages").glob("distill-*/**/*.*")
    # The plan has room for the checkpoints of a training, which are gone when it has ended.
    assert disk["students"] / 2 < sum(file.stat().st_size for file in students) < disk["students"]


def generated_characters(folder: Path) -> int:
    """Characters of the generated texts in the parts of every stage and in the published rows."""
    total = 0
    for file in folder.rglob("*.parquet"):
        stage = file.parent.name.partition("-")[0]
        if stage in {"generate", "judge", "respond", "label", "data"}:
            for row in pq.read_table(file).to_pylist():
                if stage != "label" or row["kind"] != "labelled":
                    total += sum(len(row.get(name) or "") for name in ("raw", "prompt", "response"))
    return total


def test_time_is_of_the_order_of_a_machine_that_the_pilot_calibrated(
    measured: Measured, tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    cpu = load_machine("cpu")
    small = plan_of(tiny_config, tiny_run[1], "cpu", tmp_path)
    slower = seconds(tiny_run[0]) / sum(small[stage]["seconds"] for stage in TIMED)
    calibrated = cpu.model_dump() | {
        "peak_flops": cpu.peak_flops / slower,
        "bandwidth": cpu.bandwidth / slower,
        "layer_s": cpu.layer_s * slower,
    }
    machine = tmp_path / "mine.yaml"
    machine.write_text(yaml.safe_dump(calibrated), encoding="utf-8")
    large = plan_of(measured.config, tiny_run[1], str(machine), tmp_path)
    reckoned = sum(large[stage]["seconds"] for stage in TIMED)
    assert 0.1 < reckoned / seconds(measured.results) < 10


def seconds(results: Results) -> float:
    """What the timed stages took."""
    made = results.generation
    trained = sum(facts.seconds for facts in results.training)
    return made.seconds + made.respond_seconds + made.label_seconds + trained


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"results\.json"):
        Pilot.of(tmp_path)
