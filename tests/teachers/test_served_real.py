"""A guard behind a real server: llama.cpp's own, and vLLM."""

from pathlib import Path

import numpy as np
import pytest
from tests.servers.real import llama_cpp, transformers_serve, vllm_serve
from tests.teachers.guards import guard_tokenizer, save_guard
from tests.teachers.test_served import PAIRS, TEMPLATE, config, in_process

from harmaug.errors import ModelError
from harmaug.llm.journal import Accounts, Journal
from harmaug.teachers.load import load_teacher

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = guard_tokenizer(TEMPLATE, ["<|user|>", "<|assistant|>"], ["unsafe", "safe"])
    due = {"<|assistant|>": ["unsafe", "safe"]}
    # vLLM's attention takes heads of 32 and more.
    return save_guard(tmp_path_factory.mktemp("guard"), tokenizer, due, head_dim=32)


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


def test_vllm_gives_the_scores_of_the_model_itself_by_token_id(
    folder: Path, tmp_path: Path
) -> None:
    expected = in_process("llama-guard", folder).log_odds(PAIRS)
    journal = tmp_path / "journal.sqlite"
    with vllm_serve(folder, tmp_path / "log") as url:
        settings = config(url, folder).model_copy(update={"model": str(folder)})
        found = load_teacher(settings, journal).log_odds(PAIRS)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    asked = len(PAIRS) + 1
    assert Journal(journal).accounts() == Accounts(asked=asked, answered=asked)


def test_transformers_serve_gives_no_log_probabilities_and_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    with transformers_serve(folder, tmp_path / "log") as url:
        settings = config(url, folder).model_copy(update={"model": str(folder)})
        with pytest.raises(ModelError, match="no log-probabilities"):
            load_teacher(settings).log_odds(PAIRS)
