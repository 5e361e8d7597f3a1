"""A guard behind a real server: llama.cpp's own."""

from pathlib import Path

import numpy as np
import pytest
from tests.servers.real import llama_cpp
from tests.teachers.guards import guard_tokenizer, save_guard
from tests.teachers.test_served import PAIRS, TEMPLATE, config, in_process

from harmaug.llm.journal import Accounts, Journal
from harmaug.teachers.load import load_teacher

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = guard_tokenizer(TEMPLATE, ["<|user|>", "<|assistant|>"], ["unsafe", "safe"])
    due = {"<|assistant|>": ["unsafe", "safe"]}
    return save_guard(tmp_path_factory.mktemp("guard"), tokenizer, due)


def test_llama_cpp_gives_the_scores_of_the_model_itself(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="no gguf: make test-slow installs it")
    from tests.servers.gguf_file import write_gguf

    expected = in_process("llama-guard", folder).log_odds(PAIRS)
    assert not np.isnan(expected).any()
    journal = tmp_path / "journal.sqlite"
    file = write_gguf(folder, tmp_path / "model.gguf")
    with llama_cpp(file, tmp_path / "log") as url:
        found = load_teacher(config(url, folder), journal).log_odds(PAIRS)
    np.testing.assert_allclose(found, expected, atol=0.02)  # its cache is in half precision
    asked = len(PAIRS) + 1  # and what it writes first
    assert Journal(journal).accounts() == Accounts(asked=asked, answered=asked)
