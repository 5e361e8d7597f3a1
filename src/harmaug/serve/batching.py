"""Requests that wait together are judged together, and no more wait than can be answered.

A lane collects what came in while its last batch ran and judges it in a thread; short requests
and long ones (long texts, explanations) have lanes of their own, so that a book does not hold up
a sentence. Everything counts against one bounded queue: what does not fit is refused at once.
"""

from __future__ import annotations

import asyncio
import math
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

_KEPT = 0.9
"""What a batch leaves of the weight of those before it, in the rate that is measured."""

LONGEST_RETRY_S = 60
"""Nobody is sent away for longer: the estimate may be wrong."""


class OverloadedError(Exception):
    """The queue is full; `retry_after_s` is when to come again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("the queue is full")
        self.retry_after_s = retry_after_s


@dataclass(slots=True, eq=False)
class _Job:
    """One request: its pairs, where its verdicts are awaited, and whether a lane works on it."""

    pairs: Sequence[TextPair | Exchange]
    explain: bool
    characters: int
    answer: asyncio.Future[list[Verdict]]
    taken: bool = False


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
        self._judged_characters = self._judged_s = 0.0
        self._last_end = 0.0
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

    @property
    def retry_after_s(self) -> int:
        """When what is queued will have been judged, at the rate of the last batches."""
        if not self._judged_characters:
            return 1
        seconds = self._characters * self._judged_s / self._judged_characters
        return min(max(1, math.ceil(seconds)), LONGEST_RETRY_S)

    async def judge(self, pairs: Sequence[TextPair | Exchange], *, explain: bool) -> list[Verdict]:
        """Judge the pairs of one request, in order.

        Raises:
            OverloadedError: at once, when they do not fit the queue.
        """
        characters = sum(map(_size, pairs))
        rows = len(pairs)
        if self._rows + rows > self._most or self._characters + characters > self._most_characters:
            raise OverloadedError(self.retry_after_s)
        job = _Job(pairs, explain, characters, asyncio.get_running_loop().create_future())
        self._rows += rows
        self._characters += characters
        long = explain or characters > LONG_CHARACTERS
        (self._long if long else self._short).put_nowait(job)
        try:
            return await job.answer
        finally:
            # What a lane works on counts until the lane is done with it.
            if not job.taken:
                self._leave(job)

    def _leave(self, job: _Job) -> None:
        self._rows -= len(job.pairs)
        self._characters -= job.characters
        job.pairs, job.characters = (), 0

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
            for job in waiting:
                job.taken = True
            if len(waiting) > 1:
                await self._together(waiting)
            else:
                for job in waiting:
                    await self._alone(job)

    async def _together(self, jobs: Sequence[_Job]) -> None:
        """Judge short requests in one batch; an error is found again by each request alone."""
        try:
            pairs = [pair for job in jobs for pair in job.pairs]
            verdicts = iter(await self._judge(pairs, jobs))
        except Exception:  # whatever it is, it belongs to one of the requests
            for job in jobs:
                await self._alone(job)
            return
        for job in jobs:
            own = [next(verdicts) for _ in job.pairs]
            self._leave(job)
            if not job.answer.done():
                job.answer.set_result(own)

    async def _alone(self, job: _Job) -> None:
        """Judge one request, in parts, so that one nobody waits for any more is given up."""
        verdicts: list[Verdict] = []
        try:
            for part in _parts(job):
                if job.answer.done():
                    return
                verdicts += await self._judge(part, [job])
        except Exception as error:  # handed to the request, which answers for it
            if not job.answer.done():
                job.answer.set_exception(error)
            return
        finally:
            self._leave(job)
        if not job.answer.done():
            job.answer.set_result(verdicts)

    async def _judge(
        self, pairs: Sequence[TextPair | Exchange], jobs: Sequence[_Job]
    ) -> list[Verdict]:
        """Judge pairs in a thread, unless nobody waits for any of the jobs any more."""

        def wanted() -> bool:
            return not all(job.answer.done() for job in jobs)

        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        explain = any(job.explain for job in jobs)
        verdicts = await loop.run_in_executor(
            self._pool, lambda: self._guard.verdicts(pairs, explain=explain, wanted=wanted)
        )
        ended = time.perf_counter()
        # Batches overlap: of each only the time since the one before ended is its own.
        own_s = ended - max(started, self._last_end)
        self._last_end = ended
        self._judged_s = _KEPT * self._judged_s + own_s
        self._judged_characters = _KEPT * self._judged_characters + sum(map(_size, pairs))
        self._metrics.batch_items.observe(len(pairs))
        self._metrics.batch_seconds.observe(ended - started)
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
