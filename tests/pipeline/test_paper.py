"""The paper preset, to the last setting, on tiny models of its real architectures."""

from pathlib import Path

import pytest
from tests.distill.students import backbone
from tests.models import chat_model
from tests.teachers.guards import guard_tokenizer, save_guard

from harmaug.config import RunConfig, load_config
from harmaug.evaluate.results import HARMAUG, PLAIN, TEACHER, Results
from harmaug.pipeline import run
from harmaug.runs.folder import RunFolder

GUARD_TEMPLATE = (
    "{{ bos_token }}<|user|>Is there unsafe content?\n\n{% for message in messages %}"
    "{{ 'User' if message['role'] == 'user' else 'Agent' }}: {{ message['content'] }}\n\n"
    "{% endfor %}Assess the last message.<|assistant|>"
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """`harmaug run paper --set ...`: the names of the models and sizes, and nothing else."""
    models = tmp_path_factory.mktemp("paper")
    words = ["unsafe", "safe", "\n\n"]
    tokenizer = guard_tokenizer(GUARD_TEMPLATE, ["<|user|>", "<|assistant|>"], words)
    due = {"<|assistant|>": ["\n\n"], "\n\n": ["unsafe", "safe"]}
    save_guard(models / "llama-guard-3", tokenizer, due)
    gemma = chat_model(models / "gemma", architecture="gemma", seed=1)
    llama = chat_model(models / "llama-3", seed=2)
    bad = chat_model(models / "pure-bad", seed=3)
    overrides = {
        "data.train": "[quickstart]",
        "data.max_rows": 60,
        "generate.llm.model": gemma,
        "generate.llm.dtype": "float32",
        "generate.samples": 12,
        "generate.sampling.max_new_tokens": 8,
        "respond.refusal.llm.model": llama,
        "respond.refusal.llm.dtype": "float32",
        "respond.refusal.sampling.max_new_tokens": 6,
        "respond.harmful.llm.model": bad,
        "respond.harmful.llm.dtype": "float32",
        "respond.harmful.sampling.max_new_tokens": 6,
        "label.teacher.model": models / "llama-guard-3",
        "label.teacher.dtype": "float32",
        "distill.student": backbone(models / "deberta-v3", "deberta-v3"),
        "distill.batch_size": 16,
        "distill.warmup_steps": 2,
        "evaluate.benchmarks": "[{name: quickstart-test, max_rows: 30}]",
        "evaluate.bootstrap": 50,
        "evaluate.cost": "false",
    }
    return load_config("paper", [f"{key}={value}" for key, value in overrides.items()])


@pytest.fixture(scope="module")
def finished(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Path]:
    folder = tmp_path_factory.mktemp("run")
    return run(config, folder), folder


def test_the_preset_holds_every_printed_setting() -> None:
    paper = load_config("paper")
    assert paper.generate.samples == 100_000
    assert paper.generate.prefix == "I have an idea for a prompt:"
    assert paper.generate.llm.model == "google/gemma-1.1-2b-it"
    assert paper.generate.filters.mode == "count"
    assert paper.label.tau == 0.5
    assert (paper.distill.epochs, paper.distill.batch_size) == (3, 256)
    assert (paper.distill.learning_rate, paper.distill.weight_decay) == (3e-5, 0.1)
    assert (paper.distill.lam, paper.distill.temperature) == (0.5, 0.0)
    assert paper.distill.max_length == 1024
    names = [benchmark.name for benchmark in paper.evaluate.benchmarks]
    assert names == ["openai_moderation", "toxicchat", "harmbench", "wildguardtest"]


def test_it_runs_from_the_prefix_to_the_report(finished: tuple[Results, Path]) -> None:
    results, folder = finished
    assert results.generation.drawn == 12
    keys = {guard.key for guard in results.evaluation.guards}
    assert {TEACHER, PLAIN, HARMAUG} <= keys
    assert (folder / "report.html").is_file()
    assert (folder / "student" / "onnx" / "model.onnx").is_file()


def test_three_responses_stand_for_each_instruction(finished: tuple[Results, Path]) -> None:
    _, folder = finished
    with RunFolder(folder) as held:
        labelled = held.recorded("label synthetic")
    assert labelled is not None
    counted = [labelled.get("scored", 0), labelled.get("missing", 0)]
    assert sum(count for count in counted if isinstance(count, int)) % 3 == 0
    assert labelled.get("scored", 0)
