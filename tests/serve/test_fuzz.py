"""Whatever is sent, the answer is a verdict or an error of the one shape, never a 500."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(), max_size=60)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": TEXT | SCALARS}
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


@pytest.mark.parametrize("prompt", ["", " ", "\x00", "\u202e", "a" * 4_000, "🥖" * 300])
def test_odd_text_is_judged(client: httpx.Client, prompt: str) -> None:
    answer = client.post("/v1/check", json={"prompt": prompt, "explain": True})
    assert answer.status_code == 200, answer.text
