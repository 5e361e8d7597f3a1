"""What every request passes: key, body size, deadline, and the count and log of its answer."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Sequence

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harmaug.serve.hangup import HangUp
from harmaug.serve.http_error import HttpError
from harmaug.serve.metrics import Metrics
from harmaug.serve.settings import ServeSettings

log = logging.getLogger("harmaug.serve")

GONE = 499
"""Counts clients that hung up before their answer, as proxies do; nobody reads it."""

PATHS = ("/v1/check", "/v1/moderations", "/v1/guard", "/healthz", "/readyz", "/metrics", "/")
"""Paths that are counted by name; all others are counted together."""

SMALL_BODY = 65_536
"""Bytes of each body that are taken in whatever else is held."""

LARGE_BODIES = 8
"""How many bodies of the largest size are held at once, small ones aside; more get 503."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class Gate:
    """ASGI middleware around the application."""

    def __init__(
        self, app: ASGIApp, settings: ServeSettings, keys: Sequence[str], metrics: Metrics
    ) -> None:
        self._app = app
        self._settings = settings
        self._keys = [key.encode() for key in keys]
        self._metrics = metrics
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = read = 0
        hang_up = HangUp(receive)

        async def limited_receive() -> Message:
            nonlocal read
            message = await receive()
            more = len(message.get("body", b""))
            self._held += _held(read + more) - _held(read)
            read += more
            self._check_bytes(read)
            if message["type"] == "http.request" and not message.get("more_body", False):
                hang_up.watch(time_left)
            return message

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                hang_up.stop()
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        try:
            async with asyncio.timeout(self._settings.deadline_s) as time_left:
                self._check(scope)
                # Load balancers ask with HEAD: routed as GET; the server leaves the body out.
                head = scope["method"] == "HEAD"
                routed = {**scope, "method": "GET"} if head else scope
                await self._app(routed, limited_receive, watched_send)
        except TimeoutError:
            if hang_up.noticed:
                status = GONE
            elif status == 0:
                limit = f"{self._settings.deadline_s:g} s"
                error = HttpError(504, f"not answered within the deadline of {limit}")
                await error.response()(scope, receive, watched_send)
        except HttpError as error:
            await error.response()(scope, receive, watched_send)
        except ClientDisconnect:
            status = GONE
        finally:
            hang_up.stop()
            self._held -= _held(read)
            self._count(scope, status or 500, time.perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self._keys and scope["path"].startswith("/v1/"):
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            # Every key is compared, so that the time does not tell which one was near.
            known = sum(hmac.compare_digest(given.strip(), key) for key in self._keys)
            if scheme.lower() != b"bearer" or not known:
                raise HttpError(
                    401,
                    "this server wants an API key: send `Authorization: Bearer KEY`",
                    headers={"WWW-Authenticate": "Bearer"},
                )
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self._settings.max_body_bytes:
            raise self._too_large()

    def _check_bytes(self, read: int) -> None:
        most = self._settings.max_body_bytes
        if read > most:
            raise self._too_large()
        if _held(read) and self._held > LARGE_BODIES * most:
            raise HttpError(
                503,
                "too many large bodies at once: try again in a moment",
                headers={"Retry-After": "1"},
            )

    def _too_large(self) -> HttpError:
        return HttpError(413, f"at most {self._settings.max_body_bytes} bytes a request")

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in PATHS else "other"
        self._metrics.requests.add(1, path, str(status))
        self._metrics.seconds.observe(seconds, path)
        if self._settings.access_log:
            log.info("%s %s %d %.1f ms", scope["method"], path, status, seconds * 1000)


def _held(read: int) -> int:
    return max(0, read - SMALL_BODY)
