"""Requests that wait together are judged together, and no more wait than can be answered.

A lane collects what came in while its last batch ran and judges it in a thread; short requests
and long ones (long texts, explanations) have lanes of their own, so that a book does not hold up
a sentence. Everything counts against one bounded queue: what does not fit is refused at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harmaug.guard import Guard, Verdict
from harmaug.scoring import TextPair
from harmaug.serve.metrics import Gauge, Metrics
from harmaug.text import Exchange

BATCH_ROWS = 64
BATCH_CHARACTERS = 16_000
"""A batch takes what waits up to this (tens of milliseconds); its last request may exceed it."""

LONG_CHARACTERS = 20_000
"""Requests of more characters go to the lane for long ones."""

_SHORT_BATCHES = 2
"""Two at a time: while one is judged, the next is tokenised."""


class OverloadedError(Exception):
    """The queue is full; `retry_after_s` is when to come again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("the queue is full")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One request: its pairs and where its verdicts are awaited."""

    pairs: Sequence[TextPair | Exchange]
    explain: bool
    characters: int
    answer: asyncio.Future[list[Verdict]]


class Batcher:
    """Judges the items of many requests; make it and use it in one event loop."""

    def __init__(
        self, guard: Guard, metrics: Metrics, *, queue: int, queue_characters: int
    ) -> None:
        self._guard = guard
        self._metrics = metrics
        self._most = queue
        self._most_characters = queue_characters
        self._rows = 0
        self._characters = 0
        self._pool = ThreadPoolExecutor(_SHORT_BATCHES + 1, "harmaug-batch")
        self._short: asyncio.Queue[_Job] = asyncio.Queue()
        self._long: asyncio.Queue[_Job] = asyncio.Queue()
        self._workers = [
            asyncio.create_task(self._work(self._short, BATCH_ROWS)) for _ in range(_SHORT_BATCHES)
        ]
        self._workers.append(asyncio.create_task(self._work(self._long, 1)))
        metrics.gauges += [
            Gauge("harmaug_queue_items", "Items waiting or in work.", lambda: self._rows),
            Gauge("harmaug_queue_limit", "Items that may be.", lambda: self._most),
        ]

    @property
    def full(self) -> bool:
        """Whether the next item would be refused."""
        return self._rows >= self._most or self._characters >= self._most_characters

    async def judge(self, pairs: Sequence[TextPair | Exchange], *, explain: bool) -> list[Verdict]:
        """Judge the pairs of one request, in order.

        Raises:
            OverloadedError: at once, when they do not fit the queue.
        """
        characters = sum(map(_size, pairs))
        rows = len(pairs)
        if self._rows + rows > self._most or self._characters + characters > self._most_characters:
            raise OverloadedError(retry_after_s=1)
        job = _Job(pairs, explain, characters, asyncio.get_running_loop().create_future())
        self._rows += rows
        self._characters += characters
        try:
            long = explain or characters > LONG_CHARACTERS
            (self._long if long else self._short).put_nowait(job)
            return await job.answer
        finally:
            self._rows -= rows
            self._characters -= characters

    async def close(self) -> None:
        """Stop; what is still in work is left to end by itself."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _work(self, lane: asyncio.Queue[_Job], most_rows: int) -> None:
        while True:
            jobs = [await lane.get()]
            rows, characters = len(jobs[0].pairs), jobs[0].characters
            while rows < most_rows and characters < BATCH_CHARACTERS and not lane.empty():
                jobs.append(lane.get_nowait())
                rows += len(jobs[-1].pairs)
                characters += jobs[-1].characters
            waiting = [job for job in jobs if not job.answer.done()]
            if len(waiting) > 1:
                await self._together(waiting)
            else:
                for job in waiting:
                    await self._alone(job)

    async def _together(self, jobs: Sequence[_Job]) -> None:
        """Judge short requests in one batch; an error is found again by each request alone."""
        try:
            verdicts = iter(await self._judge([pair for job in jobs for pair in job.pairs], False))
        except Exception:  # whatever it is, it belongs to one of the requests
            for job in jobs:
                await self._alone(job)
            return
        for job in jobs:
            own = [next(verdicts) for _ in job.pairs]
            if not job.answer.done():
                job.answer.set_result(own)

    async def _alone(self, job: _Job) -> None:
        """Judge one request, in parts, so that one nobody waits for any more is given up."""
        verdicts: list[Verdict] = []
        try:
            for part in _parts(job):
                if job.answer.done():
                    return
                verdicts += await self._judge(part, job.explain)
        except Exception as error:  # handed to the request, which answers for it
            if not job.answer.done():
                job.answer.set_exception(error)
            return
        if not job.answer.done():
            job.answer.set_result(verdicts)

    async def _judge(self, pairs: Sequence[TextPair | Exchange], explain: bool) -> list[Verdict]:
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        verdicts = await loop.run_in_executor(
            self._pool, lambda: self._guard.verdicts(pairs, explain=explain)
        )
        self._metrics.batch_items.observe(len(pairs))
        self._metrics.batch_seconds.observe(time.perf_counter() - started)
        flagged = sum(verdict.flagged for verdict in verdicts)
        self._metrics.items.add(flagged, "flagged")
        self._metrics.items.add(len(verdicts) - flagged, "not_flagged")
        return verdicts


def _parts(job: _Job) -> Iterator[Sequence[TextPair | Exchange]]:
    """Cut the pairs of a request into batches; an explanation is a batch of its own."""
    start = size = 0
    for place, pair in enumerate(job.pairs):
        if place > start and (job.explain or size + _size(pair) > BATCH_CHARACTERS):
            yield job.pairs[start:place]
            start, size = place, 0
        size += _size(pair)
    yield job.pairs[start:]


def _size(pair: TextPair | Exchange) -> int:
    return len(pair[0]) + len(pair[1] or "")
