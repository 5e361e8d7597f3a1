"""Asking a server many things at once: bounded, journaled, with exact accounts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from harmaug.augment.minors import sexualises_minors
from harmaug.errors import ServerError
from harmaug.llm.base import Completion
from harmaug.llm.endpoint import Endpoint
from harmaug.llm.journal import Event, Journal
from harmaug.llm.transport import RequestError, Transport
from harmaug.llm.wire import Call

BREAKER = 64
"""So many requests given up in a row end the run: a broken server is not asked 100,000 times."""


def nothing_more(answer: Completion) -> tuple[Event, ...]:
    """Count no event beside the answer itself."""
    return ()


@dataclass(frozen=True)
class Question:
    """One call to make. `context` is what its answer is read with: both may have to stay off disk.

    `events` are counted with the answer, once, in the same transaction.
    """

    call: Call
    context: str = ""
    events: Callable[[Completion], tuple[Event, ...]] = nothing_more


Ask = Callable[[httpx.AsyncClient, Question], Awaitable[Completion]]


class Asker:
    """The way to one server; every answer is journaled before it is used."""

    def __init__(self, endpoint: Endpoint, journal: Journal) -> None:
        self.endpoint = endpoint
        self.journal = journal
        self._transport = Transport(endpoint)
        self._failures = _Failures(endpoint.url)
        # One journal serves all models of a run, and several may stand behind one address.
        self._who = f"{endpoint.model} at {endpoint.url}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[httpx.AsyncClient]:
        """Open connections for the event loop that runs now."""
        async with self._transport.open() as client:
            yield client

    async def probe(self, client: httpx.AsyncClient, call: Call) -> Completion:
        """Ask once to find out what the server can: neither journaled nor counted.

        Raises:
            RequestError: when it refused, or has no such way (404).
            ServerError: when no request can succeed.
        """
        return await self._transport.ask(client, call, lambda: None, probing=True)

    async def ask_all(
        self, client: httpx.AsyncClient, questions: Sequence[Question], ask: Ask | None = None
    ) -> list[Completion]:
        """Ask what the journal does not hold, `ask` (by default `self.ask`) each.

        Raises:
            ServerError: when the server is away, refuses key or model, or answers no request.
            RunFolderError: when the journal cannot be written.
        """
        keys = [self._key(question) for question in questions]
        missing: dict[str, Question] = {}
        answers: dict[str, Completion] = {}
        for key, question in zip(keys, questions, strict=True):
            known = self.journal.find(key)
            if known is None:
                missing[key] = question
            else:
                answers[key] = known
        answers.update(await self._ask_missing(client, missing, ask or self.ask))
        return [answers[key] for key in keys]

    async def ask(self, client: httpx.AsyncClient, question: Question) -> Completion:
        """Ask one thing; an answer that could not be had carries its reason."""
        self.journal.count("asked")
        try:
            answer = await self._transport.ask(
                client, question.call, lambda: self.journal.count("retried")
            )
        except RequestError as error:
            self.journal.count("given up")
            reason = "refused" if sexualises_minors(error.reason) else error.reason
            self._failures.note(reason, of_the_row=error.of_the_row)
            return Completion(None, reason, 0, 0, of_the_row=error.of_the_row)
        except ServerError:
            self.journal.count("given up")
            raise
        self._failures.answered()
        keep = not sexualises_minors(f"{question.context} {answer.text}")
        events = question.events(answer)
        self.journal.answered(self._key(question), answer, by=self._who, keep=keep, events=events)
        return answer

    async def ask_unless_known(self, client: httpx.AsyncClient, question: Question) -> Completion:
        """Ask one thing that the journal does not hold."""
        return self.journal.find(self._key(question)) or await self.ask(client, question)

    def _key(self, question: Question) -> str:
        """Name a question: two servers may know different models by one name."""
        return question.call.key(self.endpoint.url)

    async def _ask_missing(
        self, client: httpx.AsyncClient, missing: Mapping[str, Question], ask: Ask
    ) -> dict[str, Completion]:
        """Keep `concurrency` requests under way until every one is answered or given up."""
        answers: dict[str, Completion] = {}
        waiting = iter(missing.items())

        async def work() -> None:
            for key, question in waiting:
                answers[key] = await ask(client, question)

        workers = [
            asyncio.create_task(work()) for _ in range(min(self.endpoint.concurrency, len(missing)))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if missing and not self.journal.has_answered(self._who):
            self._failures.end_of_all(len(missing))
        return answers


class _Failures:
    """Tells rows that fail alone from a server that fails.

    It counts over calls, since a server that has broken shows in small parts as well. What a
    server refuses to a row (too long, a content filter) says nothing about the next one.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._reasons: Counter[str] = Counter()
        self._in_a_row = 0

    def answered(self) -> None:
        """Take note of a request that was answered."""
        self._in_a_row = 0

    def note(self, reason: str, *, of_the_row: bool) -> None:
        """Take note of a request that was given up."""
        self._reasons[reason] += 1
        if not of_the_row:
            self._in_a_row += 1
        if self._in_a_row >= BREAKER:
            self._raise(f"{self._in_a_row} requests in a row")

    def end_of_all(self, asked: int) -> None:
        """Raise, since the server has never answered."""
        self._raise("the only request" if asked == 1 else f"all {asked} requests")

    def _raise(self, which: str) -> None:
        reason = self._reasons.most_common(1)[0][0]
        raise ServerError(
            f"{self._url} failed {which}, most often with: {reason}; see the server's log, "
            "then run the same command again: answers received are kept"
        )
