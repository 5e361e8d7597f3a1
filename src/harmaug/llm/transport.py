"""Posting to a server that may be slow, busy, broken or away.

A try that fails for a passing reason (429, 5xx, deadline, lost connection, unreadable answer) is
made again after an exponentially growing wait with jitter; what asking again cannot mend is not.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime

import httpx

from harmaug.errors import ConfigError, ServerError
from harmaug.llm.base import Completion
from harmaug.llm.endpoint import Endpoint
from harmaug.llm.wire import NEUTRAL, Call, WithheldError

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

    @property
    def of_the_row(self) -> bool:
        """Whether it is what was asked that was refused: it says nothing about the next row."""
        return not self.retry and self.status in {200, 400, 403, 413, 422}


class Transport:
    """The way to one server; remembers whether the server has ever been met."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._met = False
        self._answered = False
        self._unknown: set[str] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[httpx.AsyncClient]:
        """Open connections for the event loop that runs now.

        Raises:
            ConfigError: when the environment names a proxy that cannot be used.
        """
        end = self.endpoint
        headers = {"Authorization": f"Bearer {end.api_key}"} if end.api_key else {}
        limits = httpx.Limits(
            max_connections=end.concurrency, max_keepalive_connections=end.concurrency
        )
        try:
            client = httpx.AsyncClient(
                base_url=end.url.rstrip("/") + "/",
                headers=headers,
                timeout=end.timeout_s,
                limits=limits,
            )
        except (ImportError, ValueError) as error:
            raise ConfigError(f"the proxy of the environment cannot be used: {error}") from None
        async with client:
            yield client

    async def ask(
        self,
        client: httpx.AsyncClient,
        call: Call,
        on_retry: Callable[[], None],
        *,
        probing: bool = False,
    ) -> Completion:
        """Post a call until it is answered or its tries are used up.

        When probing, a way that the server does not have fails this request alone.

        Raises:
            RequestError: when this request failed.
            ServerError: when no request can succeed: server away, key or model refused.
        """
        for attempt in range(self.endpoint.retries + 1):
            try:
                return await self._once(client, call)
            except RequestError as error:
                if not (probing and error.status == 404):
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
        body = {name: value for name, value in call.body.items() if name not in self._unknown}
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                response = await client.post(call.path, json=body)
        except (TimeoutError, httpx.TimeoutException):
            reason = f"no answer within {self.endpoint.timeout_s:g} s"
            raise RequestError(reason, retry=True) from None
        except httpx.ConnectError:
            raise
        except httpx.RequestError as error:
            reason = f"connection lost ({_short(str(error)) or type(error).__name__})"
            raise RequestError(reason, retry=True) from None
        self._met = True
        if response.status_code == 200:
            self._answered = True
            try:
                return call.read(response.content)
            except ValueError as error:
                retry = not isinstance(error, WithheldError)
                raise RequestError(str(error), retry=retry, status=200) from None
        if unknown := _unknown(response, body):
            self._unknown |= unknown
            return await self._once(client, call)
        raise _refusal(response)

    def _raise_if_hopeless(self, error: RequestError) -> None:
        """Tell what holds for every request; a server that has answered may forbid a single one."""
        if error.status == 401 or (error.status == 403 and not self._answered):
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


def _unknown(response: httpx.Response, body: Mapping[str, object]) -> set[str]:
    """Return the neutral settings that a server does not know and says so; none is then lost."""
    if response.status_code not in {400, 422}:
        return set()
    return {
        name
        for name, neutral in NEUTRAL.items()
        if body.get(name) == neutral and name in response.text
    }


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
    except (ValueError, OverflowError):
        return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."
