"""What is sent before and around a body, on real sockets: bounded in bytes and in time."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest
from tests.serve.conftest import running

from harmaug.guard import Guard
from harmaug.serve.metrics import resident_bytes
from harmaug.serve.protocol import HEAD_BYTES
from harmaug.serve.settings import ServeSettings

START = b"POST /v1/check HTTP/1.1\r\nHost: x\r\n"
BODY = b'{"prompt": "a"}'
WHOLE = START + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@contextmanager
def connected(base: str) -> Iterator[socket.socket]:
    port = int(base.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read one answer with its body."""
    with connection.makefile("rb") as file:
        return next_answer(file)


def next_answer(file: BinaryIO) -> tuple[int, bytes]:
    status = int(file.readline().split()[1])
    length = 0
    while (line := file.readline().strip().lower()) != b"":
        name, _, value = line.partition(b":")
        length = int(value) if name == b"content-length" else length
    return status, file.read(length)


def seconds_until_closed(connection: socket.socket, drip: bytes = b"") -> float:
    """How long the server keeps a connection that sends some bytes every so often."""
    started = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - started < 15:
        try:
            if connection.recv(4096) == b"":
                break
        except TimeoutError:
            pass
        except OSError:
            break
        try:
            connection.sendall(drip)
        except OSError:
            break
    return time.monotonic() - started


@pytest.fixture(scope="module")
def hasty(guard: Guard) -> Iterator[str]:
    """A server with a short deadline, whose idle connections have two seconds."""
    settings = ServeSettings(deadline_s=0.8, max_body_bytes=20_000, threads=1)
    with running(guard, settings, keep_alive=2) as base:
        yield base


def padded(size: int) -> bytes:
    """A request whose head has so many bytes."""
    end = b"Content-Length: %d\r\n\r\n" % len(BODY)
    return START + b"x-a: " + b"a" * (size - len(START) - len(end) - 7) + b"\r\n" + end + BODY


@pytest.mark.parametrize("piece", [10**6, 1000])
def test_headers_are_read_up_to_their_bound_in_whatever_pieces(address: str, piece: int) -> None:
    for size, expected in ((HEAD_BYTES, 200), (HEAD_BYTES + 1, 431)):
        sent = padded(size)[: size if expected == 431 else None]
        with connected(address) as connection:
            for start in range(0, len(sent), piece):
                connection.sendall(sent[start : start + piece])
            status, body = answer(connection)
        assert status == expected
        if expected == 431:
            error = json.loads(body)["error"]
            assert error["message"] == "at most 65536 bytes of headers"
            assert error["code"] == "headers_too_large"


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (START, b"x-a: " + b"a" * 1000 + b"\r\n"),
        (START + b"x-a: ", b"a" * 1000),
        (b"GET /", b"a" * 1000),
        (b"", b"\r\n" * 500),
        (START + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"x-a: b\r\n" * 100),
        (START + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 1000),
    ],
)
def test_what_has_no_end_is_cut_off(address: str, start: bytes, more: bytes) -> None:
    before = resident_bytes()
    sent = 0
    with connected(address) as connection, pytest.raises(OSError):
        connection.sendall(start)
        for _ in range(3_000):
            connection.sendall(more * 30)
            sent += 30 * len(more)
        time.sleep(0.5)
        connection.sendall(more)
        time.sleep(0.5)
        connection.sendall(more)
    assert sent < 20e6
    assert resident_bytes() - before < 50e6
    with connected(address) as connection:
        connection.sendall(WHOLE)
        assert answer(connection)[0] == 200


def test_a_slow_head_meets_the_deadline_and_an_idle_connection_its_own(hasty: str) -> None:
    with connected(hasty) as connection:
        connection.sendall(START)
        assert 0.6 < seconds_until_closed(connection, b"x: y\r\n") < 1.8
    for drip in (b"", b"\r\n"):
        with connected(hasty) as connection:
            expected = 0.8 if drip else 2.0
            assert expected - 0.2 < seconds_until_closed(connection, drip) < expected + 1.0


def test_a_second_slow_head_meets_the_deadline_as_well(hasty: str) -> None:
    with connected(hasty) as connection:
        connection.sendall(WHOLE)
        assert answer(connection)[0] == 200
        connection.sendall(START)
        assert 0.6 < seconds_until_closed(connection, b"x: y\r\n") < 1.8


def test_a_body_that_trickles_on_after_its_answer_meets_the_deadline(hasty: str) -> None:
    with connected(hasty) as connection:
        connection.sendall(START + b"Content-Length: 30000\r\n\r\n")
        assert answer(connection)[0] == 413
        assert seconds_until_closed(connection, b"a") < 1.8


def test_a_connection_is_kept_for_requests_that_come_in_time(hasty: str) -> None:
    with connected(hasty) as connection:
        for _ in range(3):
            for part in (WHOLE[:20], WHOLE[20:90], WHOLE[90:]):
                connection.sendall(part)
                time.sleep(0.15)
            assert answer(connection)[0] == 200
            time.sleep(1.0)


def test_requests_sent_at_once_are_answered_in_turn(address: str) -> None:
    with connected(address) as connection, connection.makefile("rb") as file:
        connection.sendall(
            WHOLE * 3 + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        text = file.read()
    assert text.count(b"HTTP/1.1 200 OK") == 4
    assert text.endswith(b"ok\n")


OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"


@pytest.mark.parametrize("piece", [10**6, 7, 1])
def test_an_offer_to_speak_http2_is_ignored_and_the_body_judged(address: str, piece: int) -> None:
    """As the clients of Java make it with every request."""
    body = b'{"prompt": "upgrade: a\\nupgrade: b"}'
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    sent = START + OFFER + length + body + START + length + body
    with connected(address) as connection:
        for start in range(0, len(sent), piece):
            connection.sendall(sent[start : start + piece])
        with connection.makefile("rb") as file:
            for _ in range(2):
                status, found = next_answer(file)
                assert status == 200 and b"results" in found


def test_a_client_that_reads_no_answers_is_cut_off(hasty: str) -> None:
    port = int(hasty.rsplit(":", 1)[1])
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", port))
        asked = b"GET /page/page.js HTTP/1.1\r\nHost: x\r\n\r\n"
        with contextlib.suppress(OSError):
            connection.sendall(asked * 600)
        time.sleep(2.5)  # the deadline is .8 s
        found = 0
        with contextlib.suppress(ConnectionResetError):
            while data := connection.recv(1 << 16):
                found += data.count(b"HTTP/1.1 200 OK")
    assert found < 500


def test_what_is_no_http_is_refused_in_the_shape_of_all_errors(address: str) -> None:
    with connected(address) as connection:
        connection.sendall(b"FOO\r\n\r\n")
        status, body = answer(connection)
    assert status == 400
    assert json.loads(body)["error"]["code"] == "bad_request"
