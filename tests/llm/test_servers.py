"""The client against real servers, a tiny random model behind each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
import torch
from tests.models import chat_model
from tests.servers.real import llama_cpp, llama_cpp_python, transformers_serve, vllm_serve
from transformers import AutoModelForCausalLM, AutoTokenizer

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ModelError, ServerError
from harmaug.llm.base import Completion, Request, load_llm
from harmaug.llm.journal import Accounts, Journal
from harmaug.llm.wire import Mode

pytestmark = pytest.mark.slow

Program = Literal["transformers serve", "llama.cpp", "llama-cpp-python", "vllm"]
PROGRAMS: list[Program] = ["transformers serve", "llama.cpp", "llama-cpp-python", "vllm"]
PREFIX = "I have an idea for a prompt:"
GREEDY = SamplingConfig(temperature=0.0, max_new_tokens=16)
FEW = SamplingConfig(temperature=0.0, max_new_tokens=2)
"""For llama-cpp-python, which holds repetition against a token unless told otherwise."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that writes printable ASCII without end: servers differ in how they show the rest."""
    path = chat_model(tmp_path_factory.mktemp("served"), head_dim=32)
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path)
    texts = [str(tokenizer.decode([token])) for token in range(len(tokenizer))]
    silent = [
        token
        for token, text in enumerate(texts)
        if token in tokenizer.all_special_ids or "<|" in text or not text.isascii() or text < " "
    ]
    with torch.no_grad():
        model.lm_head.weight[silent] = 0.0
    model.save_pretrained(path)
    return path


@contextmanager
def started(program: Program, folder: Path) -> Iterator[str]:
    log = folder / f"{program}.log"
    if program in {"transformers serve", "vllm"}:
        serve_folder = vllm_serve if program == "vllm" else transformers_serve
        with serve_folder(folder, log) as url:
            yield url
        return
    pytest.importorskip("gguf", reason="no gguf: make test-slow installs it")
    from tests.servers.gguf_file import write_gguf

    file = folder / "model.gguf"
    if not file.exists():
        write_gguf(folder, file)
    serve = llama_cpp if program == "llama.cpp" else llama_cpp_python
    with serve(file, log) as url:
        yield url


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Program, str]]:
    program: Program = request.param
    with started(program, folder) as url:
        yield program, url


def rows(prefill: str | None, count: int = 5) -> list[Request]:
    return [
        Request(f"r{n}", ({"role": "user", "content": f"make {n} loaves"},), prefill, n)
        for n in range(count)
    ]


def config(
    url: str, folder: Path, prefill: Literal["auto", "completions"] = "auto", tokenizer: str = ""
) -> LLMConfig:
    return LLMConfig(
        backend="openai",
        model=str(folder),
        base_url=url,
        prefill=prefill,
        tokenizer=tokenizer or str(folder),
        concurrency=4,
        retries=0,
    )


def greedy(program: Program) -> SamplingConfig:
    return FEW if program == "llama-cpp-python" else GREEDY


def in_process(folder: Path, program: Program, requests: list[Request]) -> list[Completion]:
    llm = load_llm(LLMConfig(backend="transformers", model=str(folder)))
    return llm.complete(requests, greedy(program))


@pytest.mark.parametrize("prefill", ["auto", "completions"])
def test_a_begun_answer_is_continued_token_for_token(
    server: tuple[Program, str], folder: Path, prefill: Literal["auto", "completions"]
) -> None:
    program, url = server
    sampling = greedy(program)
    answers = load_llm(config(url, folder, prefill)).complete(rows(PREFIX), sampling)
    assert answers == in_process(folder, program, rows(PREFIX))
    assert {answer.tokens_out for answer in answers} == {sampling.max_new_tokens}
    begun_anew = in_process(folder, program, rows(None))
    assert not {answer.text for answer in answers} & {answer.text for answer in begun_anew}


def test_rows_without_a_prefill_are_plain_chat(server: tuple[Program, str], folder: Path) -> None:
    program, url = server
    answers = load_llm(config(url, folder)).complete(rows(None), greedy(program))
    assert answers == in_process(folder, program, rows(None))


CHOSEN: dict[Program, Mode] = {
    "transformers serve": "completions",
    "llama.cpp": "chat",
    "llama-cpp-python": "completions",
    "vllm": "chat",
}


def test_a_server_that_cannot_continue_is_refused_before_a_row_is_asked(
    server: tuple[Program, str], folder: Path, tmp_path: Path
) -> None:
    """Without a tokenizer no template can be rendered here: the chat has to continue by itself."""
    program, url = server
    journal = tmp_path / "journal.sqlite"
    missing = str(tmp_path / "no-tokenizer")
    llm = load_llm(config(url, folder, tokenizer=missing), journal)
    if CHOSEN[program] == "chat":
        assert llm.complete(rows(PREFIX), GREEDY) == in_process(folder, program, rows(PREFIX))
        return
    with pytest.raises(ModelError, match="cannot continue an answer") as caught:
        llm.complete(rows(PREFIX), GREEDY)
    assert "\n" not in str(caught.value)
    assert "prefix: begins a new turn" in str(caught.value)
    assert "llm.tokenizer" in str(caught.value)
    assert Journal(journal).accounts() == Accounts()


def test_another_model_than_the_served_one_ends_with_the_servers_reason(folder: Path) -> None:
    with started("transformers serve", folder) as url:
        other = config(url, folder).model_copy(update={"model": "no/such-model"})
        with pytest.raises(ServerError, match=r"all 5 requests.*Server is pinned to"):
            load_llm(other).complete(rows(None), GREEDY)
