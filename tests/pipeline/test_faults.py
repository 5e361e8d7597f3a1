"""A whole run whose server fails in every way that servers do: it ends, and its accounts add up."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.servers.stub import Fault, Stub, running

from harmaug.config import RunConfig
from harmaug.errors import ServerError
from harmaug.evaluate.results import Results
from harmaug.llm.journal import Accounts
from harmaug.pipeline import run
from harmaug.report.markdown import markdown

FAULTS: list[Fault] = ["500", "429", "hang", "reset", "truncated", "no choices", "html", "nothing"]
REASONS = {
    "400": "HTTP 400",
    "500": "HTTP 500",
    "429": "HTTP 429",
    "reset": "connection lost",
    "truncated": "an unreadable answer (broken JSON",
    "no choices": "an answer without choices",
    "html": "an unreadable answer (starts with '<html>",
    "nothing": "an unreadable answer (nothing)",
}
TIMES = 3
"""What fails for good fails so many times: the first try and two more."""
PLAN: list[tuple[Fault, int]] = [
    *((fault, 1) for fault in FAULTS),
    *((fault, TIMES) for fault in FAULTS if fault != "hang"),  # it would take a minute
    ("400", 1),
]


def through(config: RunConfig, url: str) -> RunConfig:
    llm = {
        "backend": "openai",
        "model": "stub",
        "base_url": url,
        "prefill": "chat",
        "retries": TIMES - 1,
        "timeout_s": 15.0,
        "concurrency": 16,
    }
    changed = config.model_dump(mode="json")
    changed["baseline"] = False
    changed["generate"]["llm"] = llm
    for kind in ("refusal", "harmful"):
        changed["respond"][kind]["llm"] = llm
    return RunConfig.model_validate(changed)


def plan(seed: int) -> tuple[Fault | None, int]:
    """Return what goes wrong with a request and how many tries it spoils, by its seed alone."""
    kind = seed % (3 * len(FAULTS))
    return PLAN[kind] if kind < len(PLAN) else (None, 0)


def fault(seed: int, times: int) -> Fault | None:
    found, spoiled = plan(seed)
    return found if times <= spoiled else None


def expected(seeds: list[int]) -> Accounts:
    """Return the accounts that the plan leads to."""
    spoiled = [plan(seed) for seed in seeds]
    lost = sum(times == TIMES or kind == "400" for kind, times in spoiled)
    retried = sum(min(times, TIMES - 1) for kind, times in spoiled if kind != "400")
    return Accounts(len(seeds), len(seeds) - lost, retried, lost)


@pytest.mark.slow
def test_a_run_survives_every_fault_with_exact_accounts(
    tiny_config: RunConfig, tmp_path: Path
) -> None:
    with running(Stub(fault=fault)) as stub:
        config = through(tiny_config, stub.url)
        results = run(config, tmp_path)
        asked = len(stub.bodies)
        again = run(config, tmp_path)
        assert len(stub.bodies) == asked
    seeds = sorted(stub.tries)
    assert {plan(seed)[0] for seed in seeds} >= {*FAULTS, "400"}
    assert results.servers == again.servers == expected(seeds)
    assert asked == results.servers.asked + results.servers.retried
    generation = results.generation
    aside = Counter(generation.failed)
    for kind in generation.kinds:
        aside.update(kind.failed)
    assert aside.total() == results.servers.given_up
    lost = {str(plan(seed)[0]) for seed in seeds if plan(seed)[1] == TIMES} | {"400"}
    for name in lost:
        assert any(reason.startswith(REASONS[name]) for reason in aside), name
    assert Results.load(tmp_path).servers == results.servers
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    sentence = f"{results.servers.asked} requests asked, {results.servers.answered} answered"
    assert sentence in page and sentence in markdown(results)
    assert "Rows set aside" in page and "HTTP 400" in page


def test_a_run_that_no_server_was_asked_in_has_no_accounts(
    tiny_run: tuple[Results, Path],
) -> None:
    results, folder = tiny_run
    assert results.servers is None
    assert "What servers were asked" not in (folder / "report.html").read_text(encoding="utf-8")


ENDINGS: list[tuple[Callable[[int, int], Fault | None], str]] = [
    (lambda seed, times: "404", "llm.model"),
    (lambda seed, times: "401", "OPENAI_API_KEY"),
]


@pytest.mark.parametrize(("always", "advice"), ENDINGS, ids=["wrong model", "wrong key"])
def test_what_no_retry_mends_ends_the_run_and_the_same_command_goes_on(
    tiny_config: RunConfig,
    tmp_path: Path,
    always: Callable[[int, int], Fault | None],
    advice: str,
) -> None:
    with running(Stub(fault=always)) as stub:
        config = through(tiny_config, stub.url)
        with pytest.raises(ServerError, match=advice):
            run(config, tmp_path)
        stub.fault = lambda seed, times: None
        servers = run(config, tmp_path).servers
    assert servers is not None
    assert servers.answered == len(stub.tries)
    assert servers.given_up >= 1
    assert servers.given_up + servers.interrupted <= 16
