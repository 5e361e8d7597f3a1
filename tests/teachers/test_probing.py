"""How a served guard's server is found out, whatever stands first: a long text is a missing one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.models import byte_tokenizer
from tests.servers.scoring import Dialect, Served
from tests.servers.stub import Body, Stub, running
from tests.teachers.guards import guard_tokenizer, save_guard
from tokenizers import processors

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.llm.journal import Accounts, Journal
from harmaug.scoring import TextPair
from harmaug.teachers.load import load_teacher
from harmaug.teachers.wildguard import TEMPLATE

SHORT: TextPair = ("how do i bake bread?", None)
LONG: TextPair = ("how do i bake bread? " * 30, None)
ROOM = 60
"""Tokens that the servers here take beyond those of the short text."""


@pytest.fixture(scope="module")
def wildguard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guard whose tokenizer begins every text, as a server's then does."""
    tokenizer = guard_tokenizer(None, ["<|user|>", "<|assistant|>"], [" yes", " no"])
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    return save_guard(tmp_path_factory.mktemp("wildguard"), tokenizer, {":": [" yes", " no"]})


def config(url: str, folder: Path) -> TeacherConfig:
    return TeacherConfig(
        family="wildguard",
        engine="openai",
        model="guard",
        tokenizer=str(folder),
        base_url=url,
        retries=0,
    )


@contextmanager
def limited(folder: Path, dialect: Dialect, kind: str) -> Iterator[Stub]:
    """A server that refuses what is too long for it, or cuts it."""
    server = Served(folder, dialect)
    most = len(server.ids(TEMPLATE + SHORT[0])) + ROOM

    def refusal(body: Body) -> str | None:
        long = len(server.ids(body["prompt"])) > most
        return "This model's maximum context length" if long else server.refusal(body)

    if kind == "cuts":
        server.cut_at = most
    with running(
        Stub(document=server.document, refusal=refusal if kind == "refuses" else server.refusal)
    ) as stub:
        yield stub


@pytest.mark.parametrize("dialect", ["vllm", "llama.cpp", "openai"])
@pytest.mark.parametrize("kind", ["refuses", "cuts"])
def test_a_long_text_is_missing_wherever_it_stands(
    wildguard: Path, dialect: Dialect, kind: str, tmp_path: Path
) -> None:
    here = load_teacher(TeacherConfig(family="wildguard", model=str(wildguard)))
    expected = here.log_odds([SHORT])[0]
    assert np.isfinite(expected)
    with limited(wildguard, dialect, kind) as stub:
        for at, pairs in enumerate([[LONG, SHORT], [SHORT, LONG]]):
            journal = tmp_path / str(at)
            found = load_teacher(config(stub.url, wildguard), journal).log_odds(pairs)
            assert Journal(journal).accounts().asked == 2  # and the probes were none of them
            missing = [pair is LONG for pair in pairs]
            assert np.isnan(found).tolist() == missing
            np.testing.assert_allclose(found[~np.array(missing)], [expected], atol=1e-4)
        journal = tmp_path / "journal.sqlite"
        scorer = load_teacher(config(stub.url, wildguard), journal)
        assert np.isnan(
            scorer.log_odds([LONG, LONG])
        ).all()  # nothing but long texts, to begin with
        np.testing.assert_allclose(scorer.log_odds([SHORT]), [expected], atol=1e-4)
    assert Journal(journal).accounts() == (
        Accounts(asked=3, answered=2, given_up=1)
        if kind == "refuses"
        else Accounts(asked=3, answered=3)
    )


def test_a_tokenizer_that_is_not_the_models_is_told_and_not_taken_for_a_long_text(
    wildguard: Path, tmp_path: Path
) -> None:
    other = byte_tokenizer("<|user|>", "<|assistant|>", words=[" yes", " no", "human", "bread"])
    other.save_pretrained(tmp_path)

    def refuses_ids(body: Body) -> str | None:
        return None if isinstance(body["prompt"], str) else "prompt must be a string"

    server = Served(wildguard, "sglang")
    with (
        running(Stub(document=server.document, refusal=refuses_ids)) as stub,
        pytest.raises(ModelError, match=r"label\.teacher\.tokenizer") as caught,
    ):
        load_teacher(config(stub.url, tmp_path)).log_odds([SHORT])
    assert "\n" not in str(caught.value)


def test_a_server_that_reads_control_tokens_as_text_is_refused(wildguard: Path) -> None:
    """Plain text it counts as the tokenizer here does, which must not speak for it."""
    server = Served(wildguard, "openai")

    def document(body: Body) -> Mapping[str, object]:
        prompt = body["prompt"]
        assert isinstance(prompt, str)
        return server.document({**body, "prompt": prompt.replace("<|user|>", "< |user|>")})

    with (
        running(Stub(document=document, refusal=server.refusal)) as stub,
        pytest.raises(ModelError, match="tokens where the tokenizer here has"),
    ):
        load_teacher(config(stub.url, wildguard)).log_odds([SHORT])
