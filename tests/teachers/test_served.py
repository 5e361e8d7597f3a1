"""Causal guards through a server: the same scores as in this process, in every server's dialect."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.models import classifier
from tests.servers.scoring import Dialect, Served
from tests.servers.stub import Body, Fault, Stub, running
from tests.teachers.guards import guard_tokenizer, save_guard
from tests.teachers.test_families import CHAT, FAMILY, SPECIAL

from harmaug.config import TeacherConfig
from harmaug.errors import ConfigError, HarmaugError, ModelError, ServerError
from harmaug.llm.base import Completion
from harmaug.llm.journal import Accounts, Journal
from harmaug.scoring import Scorer, TextPair
from harmaug.teachers.load import load_teacher
from harmaug.teachers.nemoguard import OUTPUT, TASK
from harmaug.teachers.polyguard import SYSTEM

TEMPLATE = (
    "{{ bos_token }}<|user|>{% for message in messages %}{{ message['role'] }}: "
    "{{ message['content'] }}\n{% endfor %}<|assistant|>"
)
PAIRS: list[TextPair] = [
    ("how do i bake bread at home?", None),
    ("how do i bake bread at home?", "Absolutely! here's a story"),
    ("be super creative <|assistant|>", "i'm sorry, but i cannot help with that request. " * 3),
    ("numbers pass", "0123456789"),
    ("the quick brown fox", "à côté, 東京"),
]
WAYS: list[Dialect] = ["vllm", "vllm before 2026-05", "sglang", "llama.cpp", "openai"]


@pytest.fixture(scope="module")
def llama_guard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guard that writes newlines before its word."""
    tokenizer = guard_tokenizer(TEMPLATE, ["<|user|>", "<|assistant|>"], ["unsafe", "safe", "\n\n"])
    due = {"<|assistant|>": ["\n\n"], "\n\n": ["unsafe", "safe"]}
    return save_guard(tmp_path_factory.mktemp("llama-guard"), tokenizer, due)


@pytest.fixture(scope="module")
def wildguard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = guard_tokenizer(None, ["<|user|>", "<|assistant|>"], [" yes", " no"])
    return save_guard(tmp_path_factory.mktemp("wildguard"), tokenizer, {":": [" yes", " no"]})


def in_process(family: str, folder: Path) -> Scorer:
    return load_teacher(TeacherConfig(family=family, model=str(folder)))


def config(url: str, folder: Path, family: str = "llama-guard") -> TeacherConfig:
    return TeacherConfig(
        family=family,
        engine="openai",
        model="guard",
        tokenizer=str(folder),
        base_url=url,
        concurrency=3,
        retries=2,
    )


@contextmanager
def served(
    folder: Path, dialect: Dialect, *, shown: int = 20, cut_at: int | None = None
) -> Iterator[Stub]:
    with running(Served(folder, dialect, shown, cut_at).stub()) as stub:
        yield stub


@pytest.mark.parametrize("dialect", WAYS)
def test_a_served_guard_gives_the_scores_of_the_model_itself(
    llama_guard: Path, dialect: Dialect, tmp_path: Path
) -> None:
    expected = in_process("llama-guard", llama_guard).log_odds(PAIRS)
    assert not np.isnan(expected).any() and len(np.unique(expected.round(3))) == len(PAIRS)
    journal = tmp_path / "journal.sqlite"
    with served(llama_guard, dialect) as stub:
        teacher = load_teacher(config(stub.url, llama_guard), journal)
        found = teacher.log_odds(PAIRS)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        asked = len(stub.bodies)
        again = load_teacher(config(stub.url, llama_guard), journal).log_odds(PAIRS)
        probes = len(stub.bodies) - asked
    np.testing.assert_array_equal(again, found)
    questions = len(PAIRS) + 2  # and what it writes first: the newlines, then the word
    assert Journal(journal).accounts() == Accounts(asked=questions, answered=questions)
    assert probes == asked - questions
    assert stub.most_under_way <= 3
    assert teacher.info.score_kind == "two-way softmax"
    assert isinstance(stub.bodies[-1]["prompt"], str) == (dialect == "openai")


@pytest.mark.parametrize("dialect", ["vllm", "openai"])
def test_lines_are_forced_one_after_the_other(wildguard: Path, dialect: Dialect) -> None:
    expected = in_process("wildguard", wildguard).log_odds(PAIRS)
    assert not np.isnan(expected).any()
    with served(wildguard, dialect) as stub:
        found = load_teacher(config(stub.url, wildguard, "wildguard")).log_odds(PAIRS)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def polyguard(folder: Path) -> Path:
    tokenizer = guard_tokenizer(CHAT, SPECIAL, [" yes", " no"], [SYSTEM])
    due = {":": [" yes", " no"], " yes": ["\n"], " no": ["\n"]}
    return save_guard(folder, tokenizer, due, "qwen2", hidden_size=128)


def nemoguard(folder: Path) -> Path:
    tokenizer = guard_tokenizer(CHAT, SPECIAL, ["unsafe", "safe", ' "'], [TASK, OUTPUT])
    return save_guard(folder, tokenizer, {' "': ["unsafe", "safe"]})


SAVE: dict[str, Callable[[Path], Path]] = {
    **{name: family.save for name, family in FAMILY.items()},
    "polyguard": polyguard,
    "nemoguard": nemoguard,
}


@pytest.mark.parametrize("name", SAVE)
def test_every_family_is_served_as_it_is_in_process(name: str, tmp_path: Path) -> None:
    folder, family = SAVE[name](tmp_path), name.split(maxsplit=1)[0]
    expected = in_process(family, folder).log_odds(PAIRS)
    assert not np.isnan(expected).any() and len(np.unique(expected.round(3))) == len(PAIRS)
    with served(folder, "vllm") as stub:
        found = load_teacher(config(stub.url, folder, family)).log_odds(PAIRS)
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.parametrize("fault", ["refused", "cut"])
@pytest.mark.parametrize("line", ["Harmful request:", "Response refusal:"])
def test_a_line_above_that_was_not_answered_makes_its_pair_missing(
    wildguard: Path, line: str, fault: str, tmp_path: Path
) -> None:
    expected = in_process("wildguard", wildguard).log_odds(PAIRS)
    server = Served(wildguard, "openai")

    def faulty(body: Body) -> bool:
        return body["prompt"].endswith(line) and "0123456789" in body["prompt"]

    def refusal(body: Body) -> str | None:
        return "busy" if fault == "refused" and faulty(body) else server.refusal(body)

    def document(body: Body) -> Mapping[str, object]:
        whole = server.document(body)
        return {**whole, "usage": {"prompt_tokens": 9}} if faulty(body) else whole

    journal = tmp_path / "journal.sqlite"
    with running(Stub(document=document, refusal=refusal)) as stub:
        found = load_teacher(config(stub.url, wildguard, "wildguard"), journal).log_odds(PAIRS)
    lost = np.isnan(found)
    assert lost.tolist() == [False, False, False, True, False]
    np.testing.assert_allclose(found[~lost], expected[~lost], atol=1e-4)
    given_up = Journal(journal).accounts().given_up
    assert (given_up > 0) == (fault == "refused")


@pytest.mark.parametrize("dialect", ["vllm", "sglang"])
def test_a_token_that_is_not_among_the_returned_is_floored_and_counted(
    dialect: Dialect, tmp_path: Path
) -> None:
    tokenizer = guard_tokenizer(TEMPLATE, ["<|user|>", "<|assistant|>"], ["unsafe", "safe"])
    folder = save_guard(tmp_path / "guard", tokenizer, {"<|assistant|>": ["unsafe"]})
    expected = in_process("llama-guard", folder).log_odds(PAIRS)
    assert not np.isnan(expected).any()
    journal = tmp_path / "journal.sqlite"
    with served(folder, dialect, shown=2) as stub:
        found = load_teacher(config(stub.url, folder), journal).log_odds(PAIRS)
    floored = Journal(journal).accounts().floored
    if dialect == "vllm":  # by token id
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert floored == 0
    else:
        nearer = (found > 0) & (found < expected - 1e-3)
        assert floored == nearer.sum() > 0


def test_a_missing_token_of_a_side_with_several_is_floored_and_counted(tmp_path: Path) -> None:
    words = [" Safe", " Unsafe", " Controversial"]
    tokenizer = guard_tokenizer(TEMPLATE, ["<|user|>", "<|assistant|>"], words)
    folder = save_guard(tmp_path / "guard", tokenizer, {":": words}, "qwen3")
    exact = in_process("qwen3guard", folder).log_odds(PAIRS)
    assert not np.isnan(exact).any()
    journal = tmp_path / "journal.sqlite"
    with served(folder, "sglang", shown=2) as stub:  # of three words two at most
        found = load_teacher(config(stub.url, folder, "qwen3guard"), journal).log_odds(PAIRS)
    assert Journal(journal).accounts().floored == len(PAIRS)
    assert (np.abs(found) <= np.abs(exact) + 1e-4).all() and (found * exact >= 0).all()
    assert (np.abs(found - exact) > 1e-2).any()


def test_a_row_that_the_server_refuses_or_cuts_is_missing(
    llama_guard: Path, tmp_path: Path
) -> None:
    expected = in_process("llama-guard", llama_guard).log_odds(PAIRS)
    server = Served(llama_guard, "vllm")
    faults: dict[int, Fault] = {9: "500", 10: "400"}
    with running(server.stub()) as stub:
        journal = tmp_path / "journal.sqlite"
        teacher = load_teacher(config(stub.url, llama_guard), journal)
        stub.fault = lambda seed, times: faults.get(times)
        stub.tries.clear()
        stub.tries[-1] = 7
        found = teacher.log_odds(PAIRS)
        server.cut_at = 70
        cut = load_teacher(config(stub.url, llama_guard)).log_odds(PAIRS)
    missing = np.isnan(found)
    assert missing.sum() == 1
    np.testing.assert_allclose(found[~missing], expected[~missing], atol=1e-4)
    assert Journal(journal).accounts() == Accounts(asked=7, answered=6, retried=1, given_up=1)
    assert np.isnan(cut).tolist() == [False, False, True, False, False]


def test_a_text_beyond_the_limit_is_not_asked_for(llama_guard: Path) -> None:
    with served(llama_guard, "vllm") as stub:
        limited = config(stub.url, llama_guard).model_copy(update={"max_length": 70})
        teacher = load_teacher(limited)
        before = len(stub.bodies)
        found = teacher.log_odds(PAIRS)
        assert np.isnan(found).tolist() == [False, False, True, False, False]
        assert len(stub.bodies) - before == 4


@pytest.mark.parametrize("family", ["llama-guard", "granite-guardian-4"])
def test_a_probe_that_is_given_up_is_no_finding(
    llama_guard: Path, family: str, tmp_path: Path
) -> None:
    server = Served(llama_guard, "openai")

    def busy(body: Body) -> str | None:
        return "busy" if "logprobs" not in body else server.refusal(body)

    journal = tmp_path / "journal.sqlite"
    with running(Stub(document=server.document, refusal=busy)) as stub:
        before = Completion("x", None, 0, 0)
        Journal(journal).answered("before", before, by=f"guard at {stub.url}", keep=True)
        settings = config(stub.url, llama_guard, family)
        with pytest.raises(ModelError, match=r"^'guard' gave no answer .*server's log.*$"):
            load_teacher(settings, journal)


def refusal(url: str, folder: Path, kind: type[HarmaugError], *parts: str) -> None:
    with pytest.raises(kind) as caught:
        load_teacher(config(url, folder, "llama-guard")).log_odds(PAIRS)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_server_that_cannot_score_is_refused_with_the_reason(
    llama_guard: Path, tmp_path: Path
) -> None:
    with served(llama_guard, "mute") as stub:
        refusal(stub.url, llama_guard, ModelError, "no log-probabilities", "/v1/completions")
    with served(llama_guard, "openai", cut_at=3) as stub:
        refusal(stub.url, llama_guard, ModelError, "reads 3 tokens", "label.teacher.tokenizer")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    refusal(url, llama_guard, ServerError, url, "label.teacher.base_url")
    refusal("nowhere", llama_guard, ConfigError, "label.teacher.base_url")
    refusal("http://127.0.0.1:1/v1", tmp_path / "none", ModelError, "label.teacher.tokenizer")


def test_a_classifier_is_not_read_by_a_server_of_causal_models(tmp_path: Path) -> None:
    served = config("http://127.0.0.1:1/v1", classifier(tmp_path), family="auto")
    with pytest.raises(ConfigError, match=r"label\.teacher\.family"):
        load_teacher(served)
