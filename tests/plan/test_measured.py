"""The plan against a run: what `results.json` records, and FLOPs counted while the stages ran.

Nothing is padded in the run (every batch is one row), as the plan counts no padding.
"""

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from harmaug.config import RunConfig, load_config
from harmaug.evaluate.results import Results
from harmaug.pipeline import run
from harmaug.plan import Plan, load_machine, make_plan
from harmaug.progress import Quiet


def attention(query: list[int], key: list[int], *_: object, **__: object) -> int:
    rows, heads, length, width = query
    return 4 * rows * heads * length * key[2] * width


FUSED = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: attention}


class Metered(Quiet):
    """Counts the FLOPs of everything that happens between the begin and the end of a stage."""

    def __init__(self) -> None:
        self.flops: Counter[str] = Counter()
        self._counter = FlopCounterMode(display=False)
        self._what = ""

    def begin(self, what: str, total: int | None) -> None:
        self._what = what
        self._counter = FlopCounterMode(display=False, custom_mapping=FUSED)
        self._counter.__enter__()

    def end(self, note: str = "") -> None:
        self._counter.__exit__(None, None, None)
        self.flops[self._what] += self._counter.get_total_flops()


@pytest.fixture(scope="module")
def alone(tiny_config: RunConfig) -> RunConfig:
    """The tiny run with batches of one row, and the quickstart's writer: text of random weights
    is spelled in more tokens than it was written in, which no writing is.
    """
    tree = tiny_config.model_dump(mode="json", by_alias=True)
    written = load_config("quickstart").model_dump(mode="json")
    tree["respond"] = written["respond"]
    for name in ("llm", "sampling", "same_category"):
        tree["generate"][name] = written["generate"][name]
    for llm in (tree["generate"], tree["respond"]["refusal"], tree["respond"]["harmful"]):
        llm["llm"]["batch_size"] = 1
    tree["generate"]["samples"] = 16
    tree["data"]["max_rows"] = 80
    tree["evaluate"]["benchmarks"][0]["max_rows"] = 20
    tree["label"]["teacher"]["batch_size"] = 1
    tree["distill"]["micro_batch_tokens"] = 1
    return RunConfig.model_validate(tree)


@pytest.fixture(scope="module")
def measured(
    alone: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Results, Counter[str]]:
    meter = Metered()
    results = run(alone, tmp_path_factory.mktemp("run"), meter)
    return results, meter.flops


@pytest.fixture(scope="module")
def planned(alone: RunConfig) -> Plan:
    return make_plan(alone, load_machine("cpu"))


def test_tokens_are_within_a_quarter_of_those_recorded(
    planned: Plan, measured: tuple[Results, Counter[str]]
) -> None:
    results, _ = measured
    stages = {stage.stage: stage for stage in planned.stages}
    facts = results.generation
    assert stages["generate"].rows == facts.drawn
    assert stages["generate"].tokens_in == pytest.approx(facts.tokens_in, rel=0.25)
    assert stages["generate"].tokens_out == pytest.approx(facts.tokens_out, rel=0.25)
    for kind in facts.kinds:
        if kind.kind != "empty":
            stage = stages[f"respond {kind.kind}"]
            assert stage.rows == kind.n
            assert stage.tokens_in == pytest.approx(kind.tokens_in, rel=0.25)
            assert stage.tokens_out == pytest.approx(kind.tokens_out, rel=0.25)
    for training in results.training:
        stage = stages[f"distil {training.guard}"]
        assert stage.rows == training.training_rows + training.validation_rows
        assert stage.tokens_in == pytest.approx(training.tokens, rel=0.25)
    labelled = stages["label D"]
    assert labelled.rows == results.data.n


def test_flops_are_within_a_quarter_of_those_counted_in_the_run(
    planned: Plan, measured: tuple[Results, Counter[str]]
) -> None:
    _, counted = measured
    expected: Counter[str] = Counter()
    for stage in planned.stages:
        expected[_as_the_run_says(stage.stage)] += round(stage.flops)
    for what in ("generate", "respond", "label D", "label synthetic", "distil", "teacher"):
        found = sum(flops for name, flops in counted.items() if name.split(" on ")[0] == what)
        assert expected[what] == pytest.approx(found, rel=0.25), what


def _as_the_run_says(stage: str) -> str:
    """Name the run's own stage: it says both responders in one, and both trainings alike."""
    if stage.startswith("evaluate teacher"):
        return "teacher"
    return stage if stage.startswith("label") else stage.split(maxsplit=1)[0]


def test_the_plan_needs_no_weights(alone: RunConfig, tmp_path: Path) -> None:
    tree = alone.model_dump(mode="json", by_alias=True)
    student = Path(str(tree["distill"]["student"]))
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in student.iterdir():
        if file.suffix == ".json":
            (bare / file.name).write_bytes(file.read_bytes())
    tree["distill"]["student"] = str(bare)
    with_weights = make_plan(alone, load_machine("cpu")).flops
    assert make_plan(RunConfig.model_validate(tree), load_machine("cpu")).flops == with_weights
