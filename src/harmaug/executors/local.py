"""Run a stage on this machine: in this process, or in several beside it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from harmaug.config import ExecutorConfig
from harmaug.errors import HarmaugError
from harmaug.executors.fill import fill
from harmaug.progress import Progress
from harmaug.runs.parts import PartFolder, Parts
from harmaug.stages.base import Stage, Worker

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class LocalExecutor:
    """Computes the parts that are missing, each written before the next is asked for."""

    config: ExecutorConfig

    def run(
        self,
        what: str,
        stage: Stage[In, Out],
        tasks: Parts[In],
        out: PartFolder[Out],
        progress: Progress,
    ) -> None:
        """Fill `out` with one part for each part of `tasks`; parts already there are kept.

        Raises:
            HarmaugError: from the stage, or when a worker process dies.
        """

        def compute(missing: Sequence[int]) -> Iterator[tuple[int, Sequence[Out]]]:
            if self.config.workers == 1:
                return _here(stage, tasks, missing)
            return self._in_processes(stage, tasks, missing)

        fill(what, len(tasks), out, compute, progress)

    def _in_processes(
        self, stage: Stage[In, Out], tasks: Parts[In], missing: Sequence[int]
    ) -> Iterator[tuple[int, Sequence[Out]]]:
        """Keep each worker one part ahead, and no more, so that memory stays flat.

        Parts are given as they come, so that a slow one holds up none of the others. When one
        fails no other is begun, and those under way are given before its error is raised.
        """
        workers = self.config.workers
        slot: _Slot[In, Out] = _Slot(stage)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            waiting = list(reversed(missing))
            running: dict[Future[Sequence[Out]], int] = {}
            failure: BaseException | None = None
            while running or (waiting and not failure):
                while waiting and not failure and len(running) < 2 * workers:
                    part = waiting.pop()
                    running[pool.submit(slot.process, tasks.read(part))] = part
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    part = running.pop(done)
                    if error := done.exception():
                        failure = failure or error
                    else:
                        yield part, done.result()
                if failure:
                    running = {done: part for done, part in running.items() if not done.cancel()}
            if failure:
                raise _in_one_line(failure)


def _in_one_line(failure: BaseException) -> BaseException:
    if isinstance(failure, BrokenProcessPool):
        return HarmaugError(
            "a worker process died (out of memory?): run the same command again to go on, "
            "with fewer executor.workers"
        )
    return failure


def _here(
    stage: Stage[In, Out], tasks: Parts[In], missing: Sequence[int]
) -> Iterator[tuple[int, Sequence[Out]]]:
    worker = stage.setup()
    for part in missing:
        yield part, worker.process(tasks.read(part))


_workers: dict[str, object] = {}


@dataclass(frozen=True)
class _Slot(Generic[In, Out]):
    """Sets a stage up once in whatever process it lands in."""

    stage: Stage[In, Out]

    def process(self, rows: Sequence[In]) -> Sequence[Out]:
        key = repr(self.stage)
        if key not in _workers:
            _workers[key] = self.stage.setup()
        return cast("Worker[In, Out]", _workers[key]).process(rows)
