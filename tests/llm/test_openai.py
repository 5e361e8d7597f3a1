import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.servers.stub import Fault, Stub, answer_of, running

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ConfigError, HarmaugError, ServerError
from harmaug.llm.base import Completion, Request, load_llm
from harmaug.llm.endpoint import Endpoint
from harmaug.llm.journal import Accounts, Journal
from harmaug.llm.openai import OpenAILLM

SAMPLING = SamplingConfig(max_new_tokens=16)


def request(number: int, text: str = "Say something.") -> Request:
    return Request(f"r{number}", ({"role": "user", "content": text},), None, seed=number)


def expected(number: int) -> str:
    return answer_of("<user> Say something. <end> <assistant>", number)


def client(
    url: str,
    journal: Path | None = None,
    *,
    retries: int = 2,
    concurrency: int = 8,
    timeout_s: float = 30.0,
) -> OpenAILLM:
    config = LLMConfig(backend="openai", model="stub", base_url=url, prefill="chat")
    endpoint = Endpoint(url, "stub", None, "KEY", concurrency, timeout_s, retries, backoff_s=0.01)
    return OpenAILLM(config, endpoint, Journal(journal))


def test_answers_come_in_order_with_the_rows_own_seeds() -> None:
    with running(Stub(delay_s=0.01)) as stub:
        answers = client(stub.url).complete([request(number) for number in range(12)], SAMPLING)
    assert [answer.text for answer in answers] == [expected(number) for number in range(12)]
    assert answers[0].tokens_in == 5
    assert answers[0].tokens_out == 2
    assert sorted(body["seed"] for body in stub.bodies) == list(range(12))
    assert {body["max_tokens"] for body in stub.bodies} == {16}


def test_no_more_requests_are_under_way_than_allowed() -> None:
    with running(Stub(delay_s=0.05)) as stub:
        client(stub.url, concurrency=3).complete([request(n) for n in range(12)], SAMPLING)
    assert stub.most_under_way == 3


PASSING: list[Fault] = [
    "500",
    "429",
    "hang",
    "reset",
    "truncated",
    "no choices",
    "html",
    "nothing",
    "no gzip",
]


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again(fault: Fault) -> None:
    stub = Stub(fault=lambda seed, times: fault if seed == 1 and times == 1 else None)
    with running(stub):
        llm = client(stub.url, timeout_s=1.0 if fault == "hang" else 30.0)
        answers = llm.complete([request(number) for number in range(3)], SAMPLING)
    assert [answer.text for answer in answers] == [expected(number) for number in range(3)]
    assert llm.journal.accounts() == Accounts(asked=3, answered=3, retried=1, given_up=0)


REASONS: dict[Fault, str] = {
    "500": "HTTP 500",
    "429": "HTTP 429",
    "hang": "no answer within 1 s",
    "reset": "connection lost",
    "truncated": "broken JSON",
    "no choices": "without choices",
    "html": "starts with '<html>",
    "nothing": "nothing",
    "no gzip": "connection lost",
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_does_not_pass_is_set_aside_and_loses_nothing_else(fault: Fault) -> None:
    stub = Stub(fault=lambda seed, times: fault if seed == 1 else None)
    with running(stub):
        llm = client(stub.url, timeout_s=1.0 if fault == "hang" else 30.0)
        answers = llm.complete([request(number) for number in range(3)], SAMPLING)
    assert [answer.text for answer in answers] == [expected(0), None, expected(2)]
    error = answers[1].error or ""
    assert REASONS[fault] in error
    assert "\n" not in error
    assert llm.journal.accounts() == Accounts(asked=3, answered=2, retried=2, given_up=1)


def test_a_request_that_is_refused_is_not_asked_again() -> None:
    stub = Stub(fault=lambda seed, times: "400" if seed == 1 else None)
    with running(stub):
        llm = client(stub.url)
        answers = llm.complete([request(number) for number in range(3)], SAMPLING)
    reason = 'HTTP 400 ({"error": "it is broken"})'
    assert answers[1] == Completion(None, reason, 0, 0, of_the_row=True)
    assert llm.journal.accounts() == Accounts(asked=3, answered=2, retried=0, given_up=1)


def test_retry_after_is_honoured() -> None:
    stub = Stub(retry_after="0.3", fault=lambda seed, times: "429" if times == 1 else None)
    with running(stub):
        client(stub.url).complete([request(0)], SAMPLING)
    assert stub.arrivals[1] - stub.arrivals[0] >= 0.3


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    stub = Stub(retry_after="3600", fault=lambda seed, times: "429" if seed == 1 else None)
    with running(stub):
        answers = client(stub.url).complete([request(0), request(1)], SAMPLING)
    assert "asks to wait 3600 s" in (answers[1].error or "")


def one_line(error: pytest.ExceptionInfo[HarmaugError], *parts: str) -> None:
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_server_that_is_not_there_is_named_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    llm = client(url, retries=50)
    with pytest.raises(ServerError) as caught:
        llm.complete([request(0), request(1)], SAMPLING)
    one_line(caught, url, "start the server", "llm.base_url")


def test_a_server_that_is_started_again_in_time_loses_nothing() -> None:
    with running(Stub()) as first:
        llm = client(first.url, retries=12)
        assert llm.complete([request(0)], SAMPLING)[0].text == expected(0)
    again = Stub(port=int(first.url.split(":")[2].removesuffix("/v1")))
    with ExitStack() as stack:
        late = threading.Timer(0.3, lambda: stack.enter_context(running(again)))
        late.start()
        answers = llm.complete([request(1), request(2)], SAMPLING)
        late.join()
    assert [answer.text for answer in answers] == [expected(1), expected(2)]
    accounts = llm.journal.accounts()
    assert (accounts.asked, accounts.answered, accounts.given_up) == (3, 3, 0)
    assert accounts.retried > 0


def test_a_server_that_stays_away_in_the_middle_ends_it(tmp_path: Path) -> None:
    with running(Stub()) as stub:
        llm = client(stub.url, tmp_path / "journal.sqlite")
        llm.complete([request(0)], SAMPLING)
    with pytest.raises(ServerError) as caught:
        llm.complete([request(0), request(1)], SAMPLING)
    one_line(caught, stub.url, "start the server", "run the same command again")
    assert llm.journal.accounts() == Accounts(asked=2, answered=1, retried=2, given_up=1)
    assert llm.complete([request(0)], SAMPLING)[0].text == expected(0)


@pytest.mark.parametrize(
    ("fault", "advice"), [("401", "environment variable KEY"), ("404", "llm.model ('stub')")]
)
def test_a_key_or_model_that_is_refused_ends_it(fault: Fault, advice: str) -> None:
    with running(Stub(fault=lambda seed, times: fault)) as stub:
        with pytest.raises(ServerError) as caught:
            client(stub.url, concurrency=1).complete([request(n) for n in range(9)], SAMPLING)
        assert len(stub.bodies) == 1
    one_line(caught, stub.url, advice)


def test_a_batch_that_fails_as_a_whole_is_the_servers_fault() -> None:
    with running(Stub(fault=lambda seed, times: "500")) as stub:
        llm = client(stub.url)
        with pytest.raises(ServerError) as caught:
            llm.complete([request(number) for number in range(4)], SAMPLING)
    one_line(caught, stub.url, "all 4 requests", "HTTP 500")
    assert llm.journal.accounts() == Accounts(asked=4, answered=0, retried=8, given_up=4)


def test_a_broken_server_is_not_asked_for_every_row() -> None:
    rows = [request(number) for number in range(400)]
    with (
        running(Stub(fault=lambda seed, times: "500")) as stub,
        pytest.raises(ServerError, match="64 requests in a row"),
    ):
        client(stub.url, retries=0).complete(rows, SAMPLING)
    assert len(stub.bodies) < 100


def test_all_rows_of_a_part_may_fail_once_the_server_has_answered(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    last = [request(7), request(8)]
    with running(Stub(fault=lambda seed, times: "400" if seed >= 7 else None)) as stub:
        llm = client(stub.url, path)
        llm.complete([request(0)], SAMPLING)
        assert all(answer.error for answer in llm.complete(last, SAMPLING))
        assert all(answer.error for answer in client(stub.url, path).complete(last, SAMPLING))


def test_what_another_model_answered_says_nothing_of_this_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with running(Stub()) as answering, running(Stub(fault=lambda seed, times: "400")) as refusing:
        client(answering.url, path).complete([request(0)], SAMPLING)
        with pytest.raises(ServerError, match="all 3 requests"):
            client(refusing.url, path).complete([request(n) for n in range(3)], SAMPLING)


def test_a_server_that_breaks_is_found_out_in_small_parts_too() -> None:
    with running(Stub(fault=lambda seed, times: "500" if seed else None)) as stub:
        llm = client(stub.url, retries=0)
        llm.complete([request(0)], SAMPLING)
        with pytest.raises(ServerError, match="64 requests in a row"):
            for number in range(1, 100):
                llm.complete([request(number)], SAMPLING)
        assert len(stub.bodies) == 65


def test_the_key_is_sent_and_settings_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sesame")
    with running(Stub()) as stub:
        config = LLMConfig(backend="openai", model="m", base_url=stub.url, api_key_env="MY_KEY")
        load_llm(config).complete([request(0)], SAMPLING)
    assert stub.keys == ["Bearer sesame"]
    with pytest.raises(ConfigError, match=r"llm\.base_url"):
        load_llm(LLMConfig(backend="openai", model="m"))
    with pytest.raises(ConfigError, match=r"llm\.model"):
        load_llm(LLMConfig(backend="openai", base_url=stub.url))
