import asyncio
from pathlib import Path
from typing import cast

import pytest
from tests.models import chat_model
from tests.servers.stub import Stub, answer_of, running, tokens
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ModelError
from harmaug.llm.base import Completion, Request, load_llm
from harmaug.llm.prefill import probed
from harmaug.llm.template import render
from harmaug.llm.transport import RequestError
from harmaug.llm.wire import Call, Mode

PREFIX = "I have an idea for a prompt:"
ROW = Request("r", ({"role": "user", "content": "make a story"},), PREFIX, seed=2**40 + 7)
SAMPLING = SamplingConfig(max_new_tokens=9, top_p=0.9, top_k=40)
CONTINUED = answer_of(f"<user> make a story <end> <assistant> {PREFIX}", 7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chat_model(tmp_path_factory.mktemp("served"))


def complete(stub: Stub, mode: Mode | None = None, tokenizer: Path | None = None) -> Completion:
    with running(stub):
        config = LLMConfig(
            backend="openai",
            model="no/such-model" if tokenizer is None else "served",
            base_url=stub.url,
            prefill=mode or "auto",
            tokenizer=str(tokenizer) if tokenizer else None,
            retries=0,
        )
        llm = load_llm(config)
        first, second = (llm.complete([ROW], SAMPLING)[0] for _ in range(2))
    assert first == second
    return first


def stub(
    *understands: str,
    strict: bool = False,
    usage: bool = True,
    thinks: bool = False,
    repeats: bool = False,
) -> Stub:
    known = frozenset(understands)
    return Stub(known, strict=strict, usage=usage, thinks=thinks, repeats=repeats)


@pytest.mark.parametrize(
    ("server", "mode"),
    [
        (stub("chat"), "chat"),
        (stub("prefix"), "prefix"),
        (stub("chat"), None),
        (stub("prefix"), None),
        (stub("chat", usage=False), None),
        (stub("chat", thinks=True), None),
        (stub("chat", repeats=True), None),
        (stub("prefix", repeats=True), "prefix"),
    ],
)
def test_the_prefill_is_continued(server: Stub, mode: Mode | None) -> None:
    text = complete(server, mode).text
    if server.thinks:
        begun = f"<user> make a story <end> <assistant> <think> </think> {PREFIX}"
        assert text == answer_of(begun, 7)
    else:
        assert text == CONTINUED


@pytest.mark.parametrize(
    "server",
    [stub("completions"), stub("completions", strict=True), stub("completions", usage=False)],
    ids=["ignores", "rejects", "counts nothing"],
)
def test_a_server_that_ignores_or_rejects_prefills_gets_the_template_rendered_here(
    server: Stub, folder: Path
) -> None:
    rendered = render(AutoTokenizer.from_pretrained(folder), ROW.messages, PREFIX)
    assert complete(server, tokenizer=folder).text == answer_of(rendered, 7)
    assert server.bodies[-1]["prompt"] == rendered


def test_a_closed_turn_that_costs_one_token_is_not_taken_for_a_continued_one(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)

    async def ask(call: Call) -> Completion:
        turns = cast("list[dict[str, str]] | None", call.body.get("messages"))
        if "add_generation_prompt" in call.body:
            raise RequestError("unknown fields", retry=False)
        if turns is None:
            return Completion("", None, 9, 1)
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return Completion("", None, len(tokenizer(text)["input_ids"]), 1)

    config = LLMConfig(backend="openai", model="m", base_url="http://x/v1", tokenizer=str(folder))
    assert asyncio.run(probed(config, "m", ask)).mode == "completions"


def test_a_server_that_leaves_out_the_next_head_but_closes_the_turn_does_not_continue(
    folder: Path,
) -> None:
    async def ask(call: Call) -> Completion:
        turns = cast("list[dict[str, str]] | None", call.body.get("messages"))
        if turns is None:
            return Completion("", None, 9, 1)
        if turns[-1].get("prefix"):
            raise RequestError("unknown fields", retry=False)
        text = " ".join(f"<start> {turn['role']} {turn['content']} <end>" for turn in turns)
        head = " <start> assistant" if call.body.get("add_generation_prompt", True) else ""
        return Completion("", None, tokens(text + head), 1)

    config = LLMConfig(backend="openai", model="m", base_url="http://x/v1", tokenizer=str(folder))
    assert asyncio.run(probed(config, "m", ask)).mode == "completions"


def test_a_server_without_chat_gets_the_template_rendered_here(folder: Path) -> None:
    rendered = render(AutoTokenizer.from_pretrained(folder), ROW.messages, PREFIX)
    server = Stub(frozenset({"completions"}), chats=False)
    assert complete(server, tokenizer=folder).text == answer_of(rendered, 7)


def test_stated_completions_ask_nothing_else(folder: Path) -> None:
    server = stub("completions")
    complete(server, "completions", folder)
    assert all("prompt" in body for body in server.bodies)
    assert len(server.bodies) == 1


def test_a_server_probed_once_is_asked_for_the_row_alone_after_that() -> None:
    server = stub("chat")
    complete(server)
    assert len(server.of_seed(7)) == 1
    assert len(server.bodies) == 4


def test_rows_without_prefill_need_no_probe() -> None:
    server = stub()
    with running(server):
        config = LLMConfig(backend="openai", model="m", base_url=server.url)
        plain = Request("r", ROW.messages, None, 1)
        assert load_llm(config).complete([plain], SAMPLING)[0].error is None
    assert len(server.bodies) == 1


@pytest.mark.parametrize("strict", [True, False])
def test_where_nothing_works_no_row_is_asked_and_the_error_says_why(
    strict: bool, folder: Path
) -> None:
    server = stub(strict=strict)
    with pytest.raises(ModelError) as caught:
        complete(server, tokenizer=folder)
    message = str(caught.value)
    assert "\n" not in message
    assert ("unknown field" if strict else "begins a new turn") in message
    assert "no such path" in message
    assert "llm.prefill" in message
    assert not server.of_seed(7)


def test_a_missing_tokenizer_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"set llm\.tokenizer"):
        complete(stub(), "completions")


def test_a_first_token_that_the_server_adds_is_not_sent_as_well(tmp_path: Path) -> None:
    chat_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert render(tokenizer, ROW.messages, PREFIX).startswith("<s>")
    adding = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer.backend_tokenizer.post_processor = adding
    tokenizer.save_pretrained(tmp_path)
    server = stub("completions")
    complete(server, "completions", tmp_path)
    assert server.bodies[0]["prompt"].startswith("<|user|>")
