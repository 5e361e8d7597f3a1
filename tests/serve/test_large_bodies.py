"""A body of the largest size is refused without holding up anybody, whatever it is made of."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.serve.conftest import running

from harmaug.guard import Guard
from harmaug.serve.gate import LARGE_BODIES
from harmaug.serve.metrics import resident_bytes
from harmaug.serve.settings import ServeSettings

SIZE = 8 * 2**20 - 100
"""Just below the limit of a server as it is started."""


def repeated(start: str, entry: str, end: str) -> bytes:
    return f"{start}{entry * (SIZE // len(entry))}{end}".encode()


@pytest.mark.parametrize(
    ("path", "start", "entry", "end"),
    [
        ("/v1/check", '{"items":[', "1,", "1]}"),
        ("/v1/check", '{"items":[', "{},", "{}]}"),
        ("/v1/check", '{"messages":[', '{"role":"user","content":""},', "{}]}"),
        ("/v1/check", '{"items":[', "[[[[]]]],", "[]]}"),
        ("/v1/check", '{"items":[', '"\\"",', '""]}'),
        ("/v1/check", "{", '"a":1,', '"a":1}'),
        ("/v1/moderations", '{"input":[', '"",', '""]}'),
        ("/v1/moderations", '{"input":[', "{},", "{}]}"),
    ],
)
def test_tiny_entries_are_refused_while_the_server_answers(
    guard: Guard, path: str, start: str, entry: str, end: str
) -> None:
    body = repeated(start, entry, end)
    with (
        running(guard, ServeSettings()) as base,
        httpx.Client(base_url=base, timeout=300) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        client.get("/healthz")
        before = most = resident_bytes()
        slowest = 0.0
        answer = pool.submit(httpx.post, base + path, content=body, timeout=300)
        while not answer.done():
            started = time.perf_counter()
            assert client.get("/healthz").status_code == 200
            slowest = max(slowest, time.perf_counter() - started)
            most = max(most, resident_bytes())
    assert answer.result().status_code == 422
    assert "JSON tokens a request" in answer.result().json()["error"]["message"]
    assert slowest < 1
    assert most - before < 150e6


def test_a_long_name_of_an_operating_point_holds_nobody_up(guard: Guard) -> None:
    body = repeated('{"prompt":"a","operating_point":"', "strict", '"}')
    with running(guard, ServeSettings()) as base:
        started = time.perf_counter()
        answer = httpx.post(f"{base}/v1/check", content=body, timeout=60)
        assert time.perf_counter() - started < 1.0
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "operating_point"


def test_a_large_text_is_read(guard: Guard) -> None:
    body = repeated('{"prompt":"', "\\u00e9", '"}')
    settings = ServeSettings(max_characters=1_000_000)
    with running(guard, settings) as base:
        answer = httpx.post(f"{base}/v1/check", content=body, timeout=60)
    assert answer.status_code == 422
    assert "at most 1000000 characters a request, not 1398" in answer.json()["error"]["message"]


def test_large_bodies_are_held_up_to_a_bound_and_small_ones_pass(guard: Guard) -> None:
    size = 200_000
    settings = ServeSettings(max_body_bytes=size)

    async def send(port: int, body: bytes, length: int) -> tuple[asyncio.StreamWriter, str]:
        """Send a body or its beginning; returns the status where one comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        writer.write(head.encode() + body)
        try:
            line = await asyncio.wait_for(reader.readline(), 0.3)
        except TimeoutError:
            return writer, ""
        return writer, line.decode().split()[1]

    async def ask(port: int) -> None:
        large = repeated('{"prompt":"', "a", "")[: size - 1]
        held = [await send(port, large, size) for _ in range(LARGE_BODIES + 6)]
        statuses = [status for _, status in held]
        assert statuses.index("503") >= LARGE_BODIES
        small = b'{"prompt":"a"}'
        assert (await send(port, small, len(small)))[1] == "200"
        for writer, _ in held:
            writer.close()
        await asyncio.sleep(0.2)
        assert (await send(port, large, size))[1] == ""

    with running(guard, settings) as base:
        asyncio.run(ask(int(base.rsplit(":", 1)[1])))
