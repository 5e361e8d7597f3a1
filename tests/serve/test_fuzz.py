"""Whatever is sent, the answer is a verdict or an error of the one shape, never a 500."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.serve.conftest import running

from harmaug.guard import Guard
from harmaug.serve.metrics import resident_bytes
from harmaug.serve.settings import ServeSettings

TEXT = st.text(st.characters(), max_size=60)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
CONTENT_PART = st.fixed_dictionaries({"type": st.sampled_from(["text", "image_url"]), "text": TEXT})
TURN = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "developer", "tool"]),
        "content": TEXT | st.lists(CONTENT_PART, max_size=3) | SCALARS,
    },
    optional={"tool_calls": st.lists(ANYTHING, max_size=2) | ANYTHING, "name": ANYTHING},
)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "prompt": TEXT | ANYTHING,
        "response": TEXT | ANYTHING,
        "messages": st.lists(TURN, max_size=3) | ANYTHING,
    },
)
CHECK = st.fixed_dictionaries(
    {},
    optional={
        "prompt": TEXT,
        "response": TEXT,
        "messages": st.lists(TURN, max_size=3),
        "items": st.lists(ITEM, max_size=3),
        "threshold": st.floats() | ANYTHING,
        "operating_point": st.sampled_from(["strict", "balanced", "none"]) | ANYTHING,
        "explain": st.booleans() | ANYTHING,
    },
)
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "audio"])},
    optional={"text": TEXT, "image_url": st.fixed_dictionaries({"url": TEXT}) | ANYTHING},
)
MODERATION = st.fixed_dictionaries(
    {"input": TEXT | st.lists(TEXT, max_size=3) | st.lists(PART, max_size=3) | ANYTHING},
    optional={"model": ANYTHING},
)
LARGE = 6 * 2**20
STARTS = [
    ("/v1/check", '{"items":['),
    ("/v1/check", '{"messages":['),
    ("/v1/check", '{"items":[{"messages":['),
    ("/v1/check", '{"messages":[{"role":"user","content":['),
    ("/v1/check", '{"prompt":"'),
    ("/v1/moderations", '{"input":['),
    ("/v1/moderations", '{"input":["",'),
]
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def assert_answered(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 400, 413, 422}, answer.text
    body = answer.json()
    if answer.status_code == 200:
        for result in body["results"]:
            assert result["flagged"] in {True, False}
    else:
        assert set(body["error"]) == {"message", "type", "code", "param"}
        assert "\n" not in body["error"]["message"]


@FEW
@given(body=st.binary(max_size=200))
def test_any_bytes(client: httpx.Client, body: bytes) -> None:
    for path in ("/v1/check", "/v1/moderations"):
        assert_answered(client.post(path, content=body))


@FEW
@given(body=CHECK | ANYTHING)
def test_any_check(client: httpx.Client, body: object) -> None:
    assert_answered(client.post("/v1/check", content=json.dumps(body)))


@FEW
@given(body=MODERATION | ANYTHING)
def test_any_moderation(client: httpx.Client, body: object) -> None:
    assert_answered(client.post("/v1/moderations", content=json.dumps(body)))


@pytest.fixture(scope="module")
def large_client(guard: Guard) -> Iterator[httpx.Client]:
    """A client of a server with the limits that it has by itself."""
    with running(guard, ServeSettings()) as base, httpx.Client(base_url=base, timeout=60) as client:
        yield client


@settings(FEW, max_examples=20)
@given(start=st.sampled_from(STARTS), entry=(ITEM | TURN | PART | ANYTHING).map(json.dumps))
@example(start=STARTS[0], entry="1")
@example(start=STARTS[0], entry="{}")
@example(start=STARTS[5], entry="{}")
def test_any_large_body_costs_little(
    large_client: httpx.Client, start: tuple[str, str], entry: str
) -> None:
    path, opening = start
    body = opening + f"{entry}," * (LARGE // (len(entry) + 1))
    for closed in (body, f"{body}{entry}]}}"):
        before, started = resident_bytes(), time.perf_counter()
        assert_answered(large_client.post(path, content=closed))
        assert time.perf_counter() - started < 5
        assert resident_bytes() - before < 200e6


@pytest.mark.parametrize("prompt", ["", " ", "\x00", "\u202e", "a" * 4_000, "🥖" * 300])
def test_odd_text_is_judged(client: httpx.Client, prompt: str) -> None:
    answer = client.post("/v1/check", json={"prompt": prompt, "explain": True})
    assert answer.status_code == 200, answer.text
