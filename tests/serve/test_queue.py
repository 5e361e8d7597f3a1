"""What waits: a bounded queue, deadlines, clients that hang up, requests judged together."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from onnxruntime import InferenceSession
from tests.serve.conftest import BREAKS, HeldGuard, error, running

from harmaug.guard import Guard
from harmaug.guard.engine import Engine
from harmaug.serve.app import create_app
from harmaug.serve.settings import ServeSettings
from harmaug.text import Encoded

PROMPT = "how do i bake bread"


def test_a_full_queue_answers_503_at_once_and_recovers(guard: Guard) -> None:
    held = HeldGuard(guard)
    settings = ServeSettings(queue=4, max_items=4)
    with running(held, settings) as base, ThreadPoolExecutor(4) as pool:
        post = httpx.Client(base_url=base, timeout=30).post
        waiting = [pool.submit(post, "/v1/check", json={"prompt": PROMPT}) for _ in range(4)]
        while httpx.get(f"{base}/readyz").status_code == 200:
            time.sleep(0.01)
        started = time.monotonic()
        answer = post("/v1/check", json={"prompt": PROMPT})
        assert time.monotonic() - started < 2
        assert "queue of 4 items is full" in error(answer, 503)
        assert int(answer.headers["Retry-After"]) >= 1
        assert httpx.get(f"{base}/healthz").status_code == 200
        held.go.set()
        assert [each.result().status_code for each in waiting] == [200] * 4
        assert post("/v1/check", json={"prompt": PROMPT}).status_code == 200


def test_retry_after_tells_how_long_what_is_queued_will_take(guard: Guard) -> None:
    held = HeldGuard(guard)
    with running(held, ServeSettings(queue=4, max_items=4)) as base, ThreadPoolExecutor(4) as pool:
        post = httpx.Client(base_url=base, timeout=30).post
        one = {"prompt": PROMPT}
        first = pool.submit(post, "/v1/check", json=one)
        time.sleep(1)
        held.go.set()
        assert first.result().status_code == 200
        held.go.clear()
        waiting = [pool.submit(post, "/v1/check", json=one) for _ in range(4)]
        while (readiness := httpx.get(f"{base}/readyz")).status_code == 200:
            time.sleep(0.01)
        answer = post("/v1/check", json=one)
        seconds = int(answer.headers["Retry-After"])
        held.go.set()
        assert [each.result().status_code for each in waiting] == [200] * 4
    assert 4 <= seconds <= 20
    assert f"try again in {seconds} s" in error(answer, 503)
    assert readiness.headers["Retry-After"] == str(seconds)
    for path, method in (("/v1/check", "post"), ("/readyz", "get")):
        document = create_app(guard, ServeSettings()).openapi()["paths"][path][method]
        assert document["responses"]["503"]["headers"]["Retry-After"]["schema"]["minimum"] == 1


def test_a_deadline_gives_504_and_what_nobody_waits_for_is_not_judged(guard: Guard) -> None:
    held = HeldGuard(guard)
    settings = ServeSettings(deadline_s=0.5, threads=1)
    with running(held, settings) as base, ThreadPoolExecutor(8) as pool:
        post = httpx.Client(base_url=base, timeout=30).post
        answers = pool.map(lambda _: post("/v1/check", json={"prompt": PROMPT}), range(8))
        assert {error(answer, 504) for answer in answers} == {
            "not answered within the deadline of 0.5 s"
        }
        held.go.set()
        assert post("/v1/check", json={"prompt": PROMPT}).status_code == 200
        assert sum(held.batches) < 8


def test_work_past_its_deadline_counts_until_it_is_gone(guard: Guard) -> None:
    held = HeldGuard(guard)
    settings = ServeSettings(deadline_s=0.3, queue=4, max_items=4, threads=1)
    with running(held, settings) as base, ThreadPoolExecutor(8) as pool:
        client = httpx.Client(base_url=base, timeout=30)

        def ask(texts: int) -> httpx.Response:
            items = [{"prompt": PROMPT}] * texts
            return client.post("/v1/check", json={"items": items, "explain": True})

        # One is in work, one waits for the lane: only what waits leaves with its request.
        answers = [pool.submit(ask, 2), pool.submit(ask, 2)]
        for answer in answers:
            error(answer.result(), 504)
        assert "harmaug_queue_items 2" in client.get("/metrics").text
        assert "queue of 4 items is full" in error(ask(3), 503)
        held.go.set()
        while "harmaug_queue_items 0" not in client.get("/metrics").text:
            time.sleep(0.01)
        assert client.post("/v1/check", json={"prompt": PROMPT}).status_code == 200


def test_a_client_that_sends_no_body_meets_the_deadline(guard: Guard) -> None:
    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        return line

    with running(guard, ServeSettings(deadline_s=0.3)) as base:
        assert b"504" in asyncio.run(ask(int(base.rsplit(":", 1)[1])))


def test_a_client_that_hangs_up_is_no_failure(
    guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    with running(guard, ServeSettings()) as base:
        with socket.create_connection(("127.0.0.1", int(base.rsplit(":", 1)[1]))) as connection:
            connection.sendall(b"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            time.sleep(0.1)
        for _ in range(200):
            text = httpx.get(f"{base}/metrics").text
            if 'path="/v1/check"' in text:
                break
            time.sleep(0.01)
    assert 'harmaug_requests_total{path="/v1/check",status="499"} 1' in text
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("reason", ["deadline", "hang-up"])
def test_a_long_text_that_nobody_waits_for_any_more_is_given_up(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    run = Engine._run
    runs: list[int] = []

    def slow(engine: Engine, session: InferenceSession, row: Encoded) -> float:
        time.sleep(0.01)
        runs.append(len(row))
        return run(engine, session, row)

    monkeypatch.setattr(Engine, "_run", slow)
    body = json.dumps({"prompt": "the dog " * 30_000}).encode()
    settings = ServeSettings(deadline_s=2.0 if reason == "deadline" else 60.0)
    with running(guard, settings) as base, httpx.Client(base_url=base, timeout=30) as client:
        if reason == "deadline":
            error(client.post("/v1/check", content=body), 504)
        else:
            with socket.create_connection(("127.0.0.1", int(base.rsplit(":", 1)[1]))) as gone:
                head = f"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
                gone.sendall(head.encode() + body)
                while not runs:
                    time.sleep(0.01)
        started = time.monotonic()
        while "harmaug_queue_items 0" not in (text := client.get("/metrics").text):
            assert time.monotonic() - started < 5
            time.sleep(0.02)
        status = 504 if reason == "deadline" else 499
        assert f'harmaug_requests_total{{path="/v1/check",status="{status}"}} 1' in text
        assert sum(runs) < 60_000 / 2
        assert client.post("/v1/check", json={"prompt": PROMPT}).status_code == 200


def test_requests_that_wait_are_judged_together(guard: Guard) -> None:
    held = HeldGuard(guard)
    with running(held, ServeSettings()) as base, ThreadPoolExecutor(12) as pool:
        client = httpx.Client(base_url=base, timeout=30)
        texts = [f"{PROMPT} {number}" for number in range(12)]
        answers = [pool.submit(client.post, "/v1/check", json={"prompt": text}) for text in texts]
        while "harmaug_queue_items 12" not in client.get("/metrics").text:
            time.sleep(0.01)
        held.go.set()
        scores = [answer.result().json()["results"][0]["score"] for answer in answers]
    assert scores == pytest.approx(guard.score(texts).tolist())
    assert len(held.batches) <= 4
    assert max(held.batches) >= 5


def test_a_long_request_does_not_hold_up_a_short_one(guard: Guard) -> None:
    held = HeldGuard(guard)
    with running(held, ServeSettings()) as base, ThreadPoolExecutor(1) as pool:
        client = httpx.Client(base_url=base, timeout=30)
        body = {"items": [{"prompt": "x " * 8_000}] * 3}
        long = pool.submit(client.post, "/v1/check", json=body)
        while "harmaug_queue_items 3" not in client.get("/metrics").text:
            time.sleep(0.01)
        threading.Timer(0.05, held.go.set).start()
        short = client.post("/v1/check", json={"prompt": PROMPT})
        assert short.status_code == 200
        assert held.batches.index(1) <= 1
        assert len(long.result().json()["results"]) == 3


def test_a_request_that_breaks_the_guard_breaks_no_other(guard: Guard) -> None:
    held = HeldGuard(guard)
    with running(held, ServeSettings()) as base, ThreadPoolExecutor(9) as pool:
        client = httpx.Client(base_url=base, timeout=30)
        texts = [PROMPT] * 4 + [BREAKS] + [PROMPT] * 4
        answers = [pool.submit(client.post, "/v1/check", json={"prompt": text}) for text in texts]
        while "harmaug_queue_items 9" not in client.get("/metrics").text:
            time.sleep(0.01)
        held.go.set()
        by_text = list(zip(texts, (answer.result() for answer in answers), strict=True))
        assert [answer.status_code for text, answer in by_text if text != BREAKS] == [200] * 8
        (broken,) = (answer for text, answer in by_text if text == BREAKS)
        assert error(broken, 500) == "the server failed (ZeroDivisionError); its log says more"
        assert "harmaug_queue_items 0" in client.get("/metrics").text
