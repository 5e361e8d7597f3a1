"""Tiny real models, made once a session, and the whole method run on them once.

What is heavy is imported where it is used: tests of the runtime need no torch.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harmaug.threads import wait_briefly

if TYPE_CHECKING:
    from harmaug.config import RunConfig
    from harmaug.evaluate.results import Results


def pytest_configure() -> None:
    """Threads wait as they do under the command line, which matters beside other work."""
    wait_briefly()


@pytest.fixture(scope="session")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM that writes nonsense."""
    from tests.models import chat_model

    return chat_model(tmp_path_factory.mktemp("models") / "chat")


@pytest.fixture(scope="session")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT classifier with random weights: a teacher, or where a student starts."""
    from tests.models import classifier

    return classifier(tmp_path_factory.mktemp("models") / "classifier")


@pytest.fixture(scope="session")
def tiny_config(tiny_chat: Path, tiny_classifier: Path) -> RunConfig:
    """The whole method in seconds: the quickstart's data, tiny models, few rows."""
    from harmaug.config import RunConfig

    llm = {"backend": "transformers", "model": str(tiny_chat)}
    sampling = {"max_new_tokens": 8}
    responder = {"llm": llm, "sampling": sampling}
    return RunConfig.model_validate(
        {
            "name": "tiny",
            "part_rows": 16,
            "data": {"train": ["quickstart"], "max_rows": 120},
            "generate": {
                "llm": llm,
                "sampling": sampling,
                "samples": 40,
                "filters": {"mode": "count"},
            },
            "respond": {"refusal": responder, "harmful": responder},
            "label": {"teacher": {"model": str(tiny_classifier)}},
            "distill": {
                "student": str(tiny_classifier),
                "epochs": 2,
                "batch_size": 16,
                "learning_rate": 1e-3,
                "warmup_steps": 2,
                "max_length": 64,
                "precision": "float32",
            },
            "evaluate": {
                "benchmarks": [{"name": "quickstart-test", "max_rows": 60}],
                "bootstrap": 100,
                "cost": False,
            },
        }
    )


@pytest.fixture(scope="session")
def tiny_run(
    tiny_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Results, Path]:
    """The results of the tiny run, and its folder. Leave the folder as it is."""
    from harmaug.pipeline import run

    folder = tmp_path_factory.mktemp("run")
    return run(tiny_config, folder), folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk of a size: the folder is another file system than the one around it."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(size: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
            pytest.skip("mounting a disk needs root")
        return place

    yield mount
    subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
