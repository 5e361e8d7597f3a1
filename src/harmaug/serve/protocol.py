"""HTTP from strangers: what comes before and around a body is bounded in bytes and in time.

uvicorn leaves both to a proxy in front of it. Bodies are the gate's (`harmaug.serve.gate`).
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from harmaug.serve.http_error import HttpError
from harmaug.serve.offers import HeadFilter

HEAD_BYTES = 65_536
"""The most bytes of a request line with its headers, and of what follows a body in chunks."""

DEADLINE = "deadline_s"
"""Where the application's state, which uvicorn hands to each connection, holds the deadline."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, less patient.

    A connection that sends nothing is closed after the time of a kept-alive one; one that sends,
    while no request of it is in work, gets the deadline to complete the head of one; one that does
    not read its answers gets the deadline to go on reading.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time of an idle connection."""
        super().connection_made(transport)
        self._head = 0
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._offers = HeadFilter()
        self._in_body = False
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Read on, as far as the bounds allow."""
        while data and not self.transport.is_closing():
            room = HEAD_BYTES - self._head
            part, data = data[:room], data[room:]
            self._head += len(part)
            part = part if self._in_body else self._offers.passed(part)
            if part:
                super().data_received(part)  # the callbacks below set the count back
            if self._head >= HEAD_BYTES:
                self._refuse()
        if self._late is None and self._is_idle() and not self.transport.is_closing():
            self._late = self.loop.call_later(self._deadline_s(), self.transport.close)

    def on_headers_complete(self) -> None:
        """Hand the request over; from here on its time is the gate's."""
        self._head = 0
        self._in_body = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body over."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count from here for the next request."""
        self._head = 0
        self._in_body = False
        self._offers.begin()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read its answers the deadline to go on."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._deadline_s(), self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        self._stop_waiting_for_reader()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the shape of all errors."""
        self._answer(HttpError(400, "this is no valid HTTP/1.1 request"), b"400 Bad Request")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time that it had."""
        self._stop_waiting()
        self._stop_waiting_for_reader()
        super().connection_lost(exc)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _deadline_s(self) -> float:
        return float(self.app_state[DEADLINE])

    def _stop_waiting_for_reader(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self) -> None:
        if self._is_idle() and not self.transport.is_closing():
            error = HttpError(431, f"at most {HEAD_BYTES} bytes of headers")
            self._answer(error, b"431 Request Header Fields Too Large")
        self.transport.close()

    def _answer(self, error: HttpError, status: bytes) -> None:
        body = bytes(error.response().body)
        head = (
            b"HTTP/1.1 " + status,
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"connection: close",
            b"",
        )
        self.transport.write(b"\r\n".join([*head, body]))
