"""Posting to a server that may be slow, busy, broken or away.

A try that fails for a passing reason (429, 5xx, deadline, lost connection, unreadable answer) is
made again after an exponentially growing wait with jitter; what asking again cannot mend is not.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime

import httpx

from harmaug.errors import ServerError
from harmaug.llm.base import Completion
from harmaug.llm.endpoint import Endpoint
from harmaug.llm.wire import Call, read_answer

BACKOFF_LIMIT_S = 60.0
PATIENCE_S = 600.0
"""A server that asks to wait longer is not waited for: its row is set aside."""


class RequestError(Exception):
    """One request that got no usable answer, with the reason in a few words."""

    def __init__(
        self, reason: str, *, retry: bool, status: int | None = None, wait_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.status = status
        self.wait_s = wait_s


class Transport:
    """The way to one server; remembers whether the server has ever been met."""

    def __init__(
        self, endpoint: Endpoint, read: Callable[[bytes], Completion] = read_answer
    ) -> None:
        self.endpoint = endpoint
        self._read = read
        self._met = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[httpx.AsyncClient]:
        """Open connections for the event loop that runs now."""
        end = self.endpoint
        headers = {"Authorization": f"Bearer {end.api_key}"} if end.api_key else {}
        async with httpx.AsyncClient(
            base_url=end.url.rstrip("/") + "/",
            headers=headers,
            timeout=end.timeout_s,
            limits=httpx.Limits(
                max_connections=end.concurrency, max_keepalive_connections=end.concurrency
            ),
        ) as client:
            yield client

    async def ask(
        self, client: httpx.AsyncClient, call: Call, on_retry: Callable[[], None]
    ) -> Completion:
        """Post a call until it is answered or its tries are used up.

        Raises:
            RequestError: when this request failed.
            ServerError: when no request can succeed: server away, key or model refused.
        """
        for attempt in range(self.endpoint.retries + 1):
            try:
                return await self._once(client, call)
            except RequestError as error:
                self._raise_if_hopeless(error)
                if not error.retry or attempt == self.endpoint.retries:
                    raise
                wait = self._wait(attempt, error)
            except httpx.ConnectError as error:
                if not self._met or attempt == self.endpoint.retries:
                    raise ServerError(
                        f"cannot reach {self.endpoint.url} ({_short(str(error))}): "
                        f"start the server or mend {self.endpoint.setting}.base_url, "
                        "then run the same command again"
                    ) from None
                wait = self._wait(attempt, None)
            on_retry()
            await asyncio.sleep(wait)
        raise AssertionError("a try either returns or raises")

    async def _once(self, client: httpx.AsyncClient, call: Call) -> Completion:
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                response = await client.post(call.path, json=dict(call.body))
        except (TimeoutError, httpx.TimeoutException):
            reason = f"no answer within {self.endpoint.timeout_s:g} s"
            raise RequestError(reason, retry=True) from None
        except httpx.ConnectError:
            raise
        except httpx.TransportError as error:
            reason = f"connection lost ({_short(str(error)) or type(error).__name__})"
            raise RequestError(reason, retry=True) from None
        self._met = True
        if response.status_code == 200:
            try:
                return self._read(response.content)
            except ValueError as error:
                raise RequestError(str(error), retry=True) from None
        raise _refusal(response)

    def _raise_if_hopeless(self, error: RequestError) -> None:
        if error.status in {401, 403}:
            advice = f"put a valid key into the environment variable {self.endpoint.api_key_env}"
        elif error.status == 404:
            advice = (
                f"check {self.endpoint.setting}.model ('{self.endpoint.model}') and "
                f"{self.endpoint.setting}.base_url, which usually ends in /v1"
            )
        else:
            return
        raise ServerError(f"{self.endpoint.url}: {error.reason}: {advice}") from None

    def _wait(self, attempt: int, error: RequestError | None) -> float:
        """Return the seconds to wait; jitter keeps waiting requests from coming back together."""
        if error is not None and error.wait_s is not None:
            return error.wait_s + random.uniform(0.0, self.endpoint.backoff_s)
        ceiling = min(self.endpoint.backoff_s * 2.0**attempt, BACKOFF_LIMIT_S)
        return ceiling * random.uniform(0.5, 1.0)


def _refusal(response: httpx.Response) -> RequestError:
    status = response.status_code
    reason = f"HTTP {status}"
    if detail := _short(response.text):
        reason = f"{reason} ({detail})"
    wait = _retry_after(response.headers.get("Retry-After"))
    passing = status in {408, 409, 425, 429} or status >= 500
    if wait is not None and wait > PATIENCE_S:
        return RequestError(f"{reason}, asks to wait {wait:.0f} s", retry=False, status=status)
    return RequestError(reason, retry=passing, status=status, wait_s=wait)


def _retry_after(value: str | None) -> float | None:
    """Read seconds or an HTTP date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except ValueError:
        return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."
