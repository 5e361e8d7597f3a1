"""What a server's answers are read as, and what its refusals mean for the rows beside them."""

import json

import pytest
from tests.llm.test_openai import client, expected, one_line, request
from tests.servers.stub import Body, Stub, running

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ConfigError, ServerError
from harmaug.llm.base import Completion, load_llm
from harmaug.llm.wire import NEUTRAL, WithheldError, read_answer

SAMPLING = SamplingConfig(max_new_tokens=16)


def answer(message: object, **more: object) -> bytes:
    return json.dumps({"choices": [{"message": message, **more}]}).encode()


def test_rows_that_are_refused_do_not_make_a_server_broken() -> None:
    rows = [request(number) for number in range(200)]
    with running(Stub(fault=lambda seed, times: "400" if 10 <= seed < 150 else None)) as stub:
        answers = client(stub.url).complete(rows, SAMPLING)
    assert [row.error is None for row in answers] == [not 10 <= n < 150 for n in range(200)]


def test_a_row_may_be_forbidden_once_the_server_has_answered() -> None:
    with running(Stub(fault=lambda seed, times: "403" if seed == 1 else None)) as stub:
        llm = client(stub.url, concurrency=1)
        first, forbidden, last = llm.complete([request(n) for n in range(3)], SAMPLING)
    assert (first.text, last.text) == (expected(0), expected(2))
    assert (forbidden.error or "").startswith("HTTP 403")


def drawn(refuses: frozenset[str], sampling: SamplingConfig) -> tuple[list[Completion], list[Body]]:
    def refusal(body: Body) -> str | None:
        unknown = sorted(refuses & body.keys())
        return f"unexpected keys: {unknown}" if unknown else None

    said = {"choices": [{"message": {"content": "fine"}}]}
    with running(Stub(document=lambda body: said, refusal=refusal)) as stub:
        answers = client(stub.url, concurrency=1).complete([request(0), request(1)], sampling)
    return answers, stub.bodies


def test_what_is_not_restricted_is_said() -> None:
    answers, bodies = drawn(frozenset(), SAMPLING)
    assert [row.text for row in answers] == ["fine", "fine"]
    assert all(NEUTRAL.items() <= body.items() and body["top_p"] == 1.0 for body in bodies)


def test_a_server_that_does_not_know_a_neutral_setting_is_told_once() -> None:
    answers, bodies = drawn(frozenset({"top_k", "repeat_penalty"}), SAMPLING)
    assert [row.text for row in answers] == ["fine", "fine"]
    assert len(bodies) == 3
    assert "top_k" not in bodies[-1] and bodies[-1]["min_p"] == 0.0


def test_a_setting_that_restricts_is_never_left_out() -> None:
    with pytest.raises(ServerError, match="unexpected keys"):
        drawn(frozenset({"top_k"}), SamplingConfig(top_k=40, max_new_tokens=16))


def test_text_in_parts_and_uncounted_tokens_are_read() -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    assert read_answer(answer({"content": parts})) == Completion("one two", None, 0, 0)
    usage = {"prompt_tokens": 5, "completion_tokens": None}
    content = json.dumps({"choices": [{"text": "x"}], "usage": usage}).encode()
    assert read_answer(content) == Completion("x", None, 5, 0)


def test_a_withheld_answer_is_not_asked_for_again() -> None:
    withheld = answer({"content": None}, finish_reason="content_filter")
    with pytest.raises(WithheldError, match="content filter"):
        read_answer(withheld)
    said = json.loads(withheld)
    rows = [request(number) for number in range(2)]
    fine = {"choices": [{"message": {"content": "fine"}}]}
    with running(Stub(document=lambda body: said if body["seed"] else fine)) as stub:
        llm = client(stub.url)
        answers = llm.complete(rows, SAMPLING)
    assert answers[1].error == "withheld by the server's content filter"
    assert llm.journal.accounts().retried == 0


def test_json_that_is_no_answer_is_called_so() -> None:
    with pytest.raises(ValueError, match="JSON that is no answer"):
        read_answer(b'{"error": {"message": "upstream"}}')
    with pytest.raises(ValueError, match="broken JSON"):
        read_answer(b'{"choices": [')


def test_a_key_with_the_newline_of_its_file_is_sent_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "sesame\n")
    with running(Stub()) as stub:
        config = LLMConfig(backend="openai", model="m", base_url=stub.url, api_key_env="MY_KEY")
        load_llm(config).complete([request(0)], SAMPLING)
    assert stub.keys == ["Bearer sesame"]
    monkeypatch.setenv("MY_KEY", "ses\name")
    with pytest.raises(ConfigError, match="MY_KEY") as caught:
        load_llm(config)
    one_line(caught)
    assert "ses" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://host:port/v1", "http://[::1/v1", "http://host:99999/v1"])
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match=r"llm\.base_url") as caught:
        load_llm(LLMConfig(backend="openai", model="m", base_url=url))
    one_line(caught)


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://localhost:1")
    with pytest.raises(ConfigError, match="proxy"):
        client("http://host/v1").complete([request(0)], SAMPLING)
