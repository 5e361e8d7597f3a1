"""Noticing that a client is gone while its request is judged."""

from __future__ import annotations

import asyncio

from starlette.types import Receive


class HangUp:
    """Ends the time of a request whose client hung up: nobody reads its answer."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None
        self.noticed = False

    def watch(self, time_left: asyncio.Timeout) -> None:
        """Look out from here on, once the whole body has been received."""
        self._watching = asyncio.create_task(self._wait(time_left))

    def stop(self) -> None:
        """Look no more: the answer has started, and its end would look the same."""
        if self._watching is not None:
            self._watching.cancel()

    async def _wait(self, time_left: asyncio.Timeout) -> None:
        await self._receive()
        self.noticed = True
        time_left.reschedule(asyncio.get_running_loop().time())
