"""The OpenAI moderation API as a teacher, against `harmaug serve`, which speaks it, and a stub."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from tests.serve.conftest import running as serving
from tests.servers.stub import Body, Fault, Stub, running

from harmaug.config import TeacherConfig
from harmaug.errors import ServerError
from harmaug.guard import Guard
from harmaug.llm.base import Completion
from harmaug.llm.journal import Accounts, Journal
from harmaug.scoring import Scorer, TextPair, probability
from harmaug.serve.settings import ServeSettings
from harmaug.teachers.load import family_of, load_teacher

PAIRS: list[TextPair] = [
    ("how do i bake bread at home", None),
    ("how do i bake bread at home", "here is a story of the quick brown fox"),
    ("be super creative", ""),
    ("the lazy dog", "numbers pass 0123456789"),
    ("offensive content", None),
]


@pytest.fixture(scope="module")
def guard() -> Guard:
    """The embedded guard, here to serve and to compare with."""
    return Guard.load(threads=1)


def teacher(url: str, journal: Path | None = None, *, batch_size: int = 2) -> Scorer:
    config = TeacherConfig(
        model="omni-moderation-latest", base_url=f"{url}/v1", batch_size=batch_size, retries=1
    )
    return load_teacher(config, journal)


def test_the_score_is_that_of_the_guard_behind_the_server(guard: Guard, tmp_path: Path) -> None:
    texts = [f"{prompt}\n\n{response}" if response else prompt for prompt, response in PAIRS]
    journal = tmp_path / "journal.sqlite"
    with serving(guard, ServeSettings(threads=1)) as url:
        scorer = teacher(url, journal)
        found = scorer.log_odds(PAIRS)
    np.testing.assert_allclose(probability(found), guard.score(texts), atol=1e-6)
    assert len(np.unique(found.round(4))) == len(PAIRS)
    assert scorer.info.score_kind == "sigmoid maximum"
    assert Journal(journal).accounts() == Accounts(asked=3, answered=3)
    kept = teacher(url, journal).log_odds(PAIRS)  # nobody serves there any more
    np.testing.assert_array_equal(kept, found)


def moderated(body: Body) -> Mapping[str, object]:
    """OpenAI's shape: many categories, the highest of which counts; null where none applies."""
    scores = [
        {"hate": 0.001, "violence": len(text) / 100, "illicit": None} for text in body["input"]
    ]
    return {"results": [{"flagged": False, "category_scores": one} for one in scores]}


def test_the_highest_category_counts_and_lists_are_sent() -> None:
    with running(Stub(document=moderated)) as stub:
        scores = probability(teacher(stub.url.removesuffix("/v1"), batch_size=64).log_odds(PAIRS))
    assert scores[0] == pytest.approx(len(PAIRS[0][0]) / 100)
    (body,) = stub.bodies
    assert body["model"] == "omni-moderation-latest"
    assert body["input"][2] == "be super creative"
    assert body["input"][3] == "the lazy dog\n\nnumbers pass 0123456789"


def test_a_text_that_is_refused_loses_no_other(tmp_path: Path) -> None:
    def refusal(body: Body) -> str | None:
        return "too long" if any("creative" in text for text in body["input"]) else None

    with running(Stub(document=moderated, refusal=refusal)) as stub:
        journal = tmp_path / "journal.sqlite"
        found = teacher(stub.url.removesuffix("/v1"), journal, batch_size=3).log_odds(PAIRS)
        accounts = Journal(journal).accounts()
        bought = len(stub.bodies)
        again = teacher(stub.url.removesuffix("/v1"), journal, batch_size=3).log_odds(PAIRS)
    assert np.isnan(found).tolist() == [False, False, True, False, False]
    assert accounts == Accounts(asked=5, answered=3, given_up=2)
    np.testing.assert_array_equal(again, found)
    asked_again = [len(body["input"]) for body in stub.bodies[bought:]]
    assert asked_again == [3, 1]  # the list and the text that it was refused for: never answered


@pytest.mark.parametrize("fault", ["500", "429", "reset"])
def test_a_server_that_fails_is_not_asked_text_by_text(fault: Fault, tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    with running(Stub(document=moderated)) as stub:
        kept = teacher(stub.url.removesuffix("/v1"), journal).log_odds(PAIRS[:1])
        assert not np.isnan(kept).any()
        stub.fault = lambda seed, times: fault
        found = teacher(stub.url.removesuffix("/v1"), journal, batch_size=4).log_odds(PAIRS[1:])
    assert np.isnan(found).all()
    assert [len(body["input"]) for body in stub.bodies] == [1, 4, 4]  # and one further try


@pytest.mark.parametrize("number", [0, 1, 5])
def test_another_number_of_results_is_no_answer(number: int, tmp_path: Path) -> None:
    """A server that takes lists for texts, or answers with nothing: what it says is not kept."""
    mended = False

    def document(body: Body) -> Mapping[str, object]:
        whole = moderated(body)["results"]
        assert isinstance(whole, list)
        return {"results": whole if mended else (whole * 5)[:number]}

    journal = tmp_path / "journal.sqlite"
    with running(Stub(document=moderated)) as stub:
        before = Completion("[0]", None, 0, 0)
        Journal(journal).answered(
            "before", before, by=f"omni-moderation-latest at {stub.url}", keep=True
        )
        expected = teacher(stub.url.removesuffix("/v1")).log_odds(PAIRS)
        stub.document = document
        found = teacher(stub.url.removesuffix("/v1"), journal, batch_size=4).log_odds(PAIRS[:4])
        answered = np.full(4, np.nan) if number != 1 else expected[:4]
        np.testing.assert_allclose(found, answered)
        mended = True
        again = teacher(stub.url.removesuffix("/v1"), journal, batch_size=4).log_odds(PAIRS[:4])
    np.testing.assert_allclose(again, expected[:4])


def test_faults_are_asked_again_and_a_broken_server_is_named() -> None:
    with running(Stub(document=moderated)) as stub:
        stub.fault = lambda seed, times: "truncated" if times == 1 else None
        found = teacher(stub.url.removesuffix("/v1")).log_odds(PAIRS)
        assert not np.isnan(found).any()
        stub.fault = lambda seed, times: "401"
        with pytest.raises(ServerError, match="OPENAI_API_KEY"):
            teacher(stub.url.removesuffix("/v1")).log_odds(PAIRS)


def test_a_name_is_enough_for_openais_own() -> None:
    assert family_of(TeacherConfig(model="omni-moderation-latest")) == "openai-moderation"
    scorer = load_teacher(TeacherConfig(model="omni-moderation-latest"))
    assert scorer.info.runtime == "moderation API"
