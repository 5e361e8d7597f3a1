"""The command of docs/reproduce.md for the paper's guards: its options, names and adapters."""

import gzip
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.test_results import harmaug

from harmaug.config.teacher import teacher_config
from harmaug.errors import DataError
from harmaug.evaluate import run
from harmaug.pipeline import checks
from harmaug.sources.catalogue import DATASETS
from harmaug.sources.load import is_local
from harmaug.teachers.catalogue import family_in_name
from harmaug.teachers.load import FAMILIES, family_of

DOCS = Path(__file__).parents[2] / "docs" / "reproduce.md"
GUARDS = {
    "hbseong/HarmAug-Guard": "sequence",
    "meta-llama/LlamaGuard-7b": "llama-guard",
    "meta-llama/Meta-Llama-Guard-2-8B": "llama-guard",
    "meta-llama/Llama-Guard-3-8B": "llama-guard",
    "allenai/wildguard": "wildguard",
    "nvidia/Aegis-AI-Content-Safety-LlamaGuard-Defensive-1.0": "aegis-defensive",
    "facebook/roberta-hate-speech-dynabench-r4-target": "sequence",
    "omni-moderation-latest": "openai-moderation",
}
BENCHMARKS = ["openai_moderation", "toxicchat", "harmbench", "wildguardtest"]


def command() -> list[str]:
    """The words after `harmaug`."""
    text = DOCS.read_text(encoding="utf-8")
    (block,) = [part for part in text.split("```") if part.strip().startswith("harmaug evaluate")]
    return shlex.split(block.replace("\\\n", " "))[1:]


def test_the_command_names_table_1_with_options_that_exist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def evaluated(models: Sequence[str], benchmarks: Sequence[str], **settings: object) -> None:
        assert settings["cost"] is False
        raise DataError(f"{[*models]} {[*benchmarks]}")

    monkeypatch.setattr(run, "evaluate_guards", evaluated)
    # The gated models are not here to be looked for.
    monkeypatch.setattr(checks, "check_teacher", lambda teacher, setting: None)
    _, _, err = harmaug(monkeypatch, capsys, *command())
    assert f"{[*GUARDS]} {BENCHMARKS}" in err


@pytest.mark.parametrize("model", GUARDS)
def test_each_guard_has_its_adapter(model: str) -> None:
    assert family_of(teacher_config(model), offline=True) == GUARDS[model]
    assert family_in_name(model) is not None  # else any name is taken for a classifier
    assert callable(FAMILIES.load(GUARDS[model]))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_has_its_loader_or_its_place(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HARMAUG_DATA", raising=False)
    if name == "harmbench":
        place = tmp_path / "eval" / "harmbench.jsonl.gz"
        place.parent.mkdir()
        place.write_bytes(gzip.compress(b'{"prompt": "a", "response": "b", "label": 1}'))
        monkeypatch.setenv("HARMAUG_DATA", str(tmp_path))
    assert name in DATASETS or is_local(name, "eval")
