"""Keys, sizes and settings: what is refused has its status and its line."""

from __future__ import annotations

import json

import httpx
import openai
import pytest
from tests.serve.conftest import error, running

from harmaug.errors import ConfigError
from harmaug.guard import Guard
from harmaug.serve.app import create_app
from harmaug.serve.settings import ServeSettings, keys_of, parse_keys

PROMPT = "how do i bake bread"


def test_a_large_body_is_refused_whether_it_tells_its_size_or_not(client: httpx.Client) -> None:
    body = json.dumps({"prompt": "x" * 50_000}).encode()
    assert error(client.post("/v1/check", content=body), 413) == "at most 40000 bytes a request"
    chunks = (body[start : start + 1000] for start in range(0, len(body), 1000))
    assert error(client.post("/v1/check", content=chunks), 413) == "at most 40000 bytes a request"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"prompt": "\\ud800"}',
        b'{"prompt": "a", "threshold": NaN, ]',
        b"[" * 20_000,
        b'{"items":' * 4_000,
    ],
)
def test_what_is_not_json_is_a_400(client: httpx.Client, body: bytes) -> None:
    for path in ("/v1/check", "/v1/moderations"):
        assert "not valid JSON" in error(client.post(path, content=body), 400)


def test_unknown_paths_and_methods_have_the_same_shape(client: httpx.Client) -> None:
    assert error(client.get("/v1/nothing"), 404) == "Not Found"
    assert error(client.get("/v1/check"), 405) == "Method Not Allowed"
    assert error(client.get("/metrics/", headers={"Host": "elsewhere.example"}), 404) == "Not Found"


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", "/metrics", "/v1/guard"])
def test_head_is_get_without_its_body(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert client.head("/v1/check").status_code == 405


def test_keys_open_the_api_and_only_the_api(guard: Guard) -> None:
    with running(guard, ServeSettings(), *parse_keys("one, twö,,")) as base:
        for given in (
            "Bearer on",
            "Bearer onee",
            "Bearer three",
            "Bearer one,",
            "one",
            "Basic one",
        ):
            headers = {"Authorization": given}
            answer = httpx.post(f"{base}/v1/check", json={"prompt": "a"}, headers=headers)
            assert "wants an API key" in error(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "API key" in error(httpx.get(f"{base}/v1/guard"), 401)
        for given in ("Bearer one", "bearer one", "BEARER  one", "Bearer twö"):
            headers = {"Authorization": given.encode()}  # type: ignore[dict-item]
            answer = httpx.post(f"{base}/v1/check", json={"prompt": "a"}, headers=headers)
            assert answer.status_code == 200
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=f"{base}/v1", api_key="three").moderations.create(input="a")
        for path in ("/", "/healthz", "/readyz", "/metrics"):
            assert httpx.get(base + path).status_code == 200


@pytest.mark.parametrize(("keys", "expected"), [((), [{}, {"key": []}]), (("one",), [{"key": []}])])
def test_the_openapi_document_says_which_paths_want_a_key(
    guard: Guard, keys: tuple[str, ...], expected: list[object]
) -> None:
    document = create_app(guard, ServeSettings(), keys).openapi()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("security") == (expected if path.startswith("/v1/") else None)


def test_an_environment_that_holds_no_key_opens_no_server() -> None:
    assert keys_of({}) == ()
    assert keys_of({"HARMAUG_API_KEYS": " one ,two"}) == ("one", "two")
    for text in ("", " , ", ",,"):
        with pytest.raises(ConfigError, match="HARMAUG_API_KEYS is set and holds no key") as raised:
            keys_of({"HARMAUG_API_KEYS": text})
        assert "\n" not in str(raised.value)


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="would never fit a queue of 4"):
        ServeSettings(queue=4)
    with pytest.raises(ConfigError, match="workers must be at least 1"):
        ServeSettings(workers=0)
    with pytest.raises(ConfigError, match="deadline"):
        ServeSettings(deadline_s=0)
