"""Run a stage on a Ray cluster: Ray Data streams the parts through workers that hold the model.

One reader beside the driver hands out parts, so that only the driver's machine needs the run
folder; the workers, one a model, may be anywhere; the driver writes each part as it comes, which
is what makes a killed driver resumable. Ray Data starts no more parts than the workers and the
object store can take.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from harmaug.cluster import connect, gpus, is_named, ray
from harmaug.config import ExecutorConfig
from harmaug.errors import ConfigError, HarmaugError
from harmaug.executors.engines import Engines
from harmaug.executors.fill import fill
from harmaug.executors.reading import read_here
from harmaug.progress import Progress
from harmaug.runs.parts import PartFolder, Parts
from harmaug.stages.base import Stage, Worker

In = TypeVar("In")
Out = TypeVar("Out")

AHEAD = 2
"""Parts that a worker is given at once: one to work on, one to go on with."""

TRIES_AGAIN = 4
"""How often a part is given out again when its worker was killed; five times is no chance."""


class Batch(TypedDict):
    """One part on its way: its number, and pickled its rows, the error that ended it, or None.

    None is what was not begun because another part had failed.
    """

    part: NDArray[np.int64]
    rows: NDArray[np.object_]


@dataclass(frozen=True)
class RayExecutor:
    """Computes the parts that are missing on `workers` workers, `gpus_per_worker` GPUs each.

    The cluster is the one that RAY_ADDRESS names; without it one is started on this machine.
    """

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
            ConfigError: more GPUs a worker than this machine has, and no other cluster named.
            HarmaugError: from the stage, or when the cluster gives up.
        """

        def compute(missing: Sequence[int]) -> Iterator[tuple[int, Sequence[Out]]]:
            self._connect()
            return self._computed(stage, tasks, missing)

        fill(what, len(tasks), out, compute, progress)

    def _computed(
        self, stage: Stage[In, Out], tasks: Parts[In], missing: Sequence[int]
    ) -> Iterator[tuple[int, Sequence[Out]]]:
        """Yield parts as they are done, in any order.

        When one fails no other is begun, and those under way are given before its error is raised.
        """
        try:
            yield from self._streamed(stage, tasks, missing)
        except ray.exceptions.RayActorError:
            raise HarmaugError(
                f"a part killed its worker {TRIES_AGAIN + 1} times (out of memory?): run the same "
                "command again to go on, with smaller batches or fewer workers a machine"
            ) from None
        except ray.exceptions.RayError as error:
            raise HarmaugError(_one_line(error)) from None

    def _streamed(
        self, stage: Stage[In, Out], tasks: Parts[In], missing: Sequence[int]
    ) -> Iterator[tuple[int, Sequence[Out]]]:
        if engines := Engines.of(stage, self.config):
            yield from engines.computed(tasks, missing)
            return
        failure: HarmaugError | None = None
        with TemporaryDirectory(prefix="harmaug-") as folder:
            stop = Path(folder) / "stop"
            for row in self._worked(stage, tasks, missing, stop).iter_rows():
                result = pickle.loads(row["rows"])
                if isinstance(result, HarmaugError):
                    failure = failure or result
                    stop.touch()
                elif result is not None:
                    yield int(row["part"]), result
        if failure:
            raise failure

    def _worked(
        self, stage: Stage[In, Out], tasks: Parts[In], missing: Sequence[int], stop: Path
    ) -> ray.data.Dataset:
        """Return the data set of the parts that are done; nothing is computed yet."""
        return read_here(_Reader, (tasks, stop), missing).map_batches(
            _StageWorker,
            fn_constructor_args=(stage,),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(
                size=self.config.workers, max_tasks_in_flight_per_actor=AHEAD
            ),
            num_cpus=1,
            num_gpus=self.config.gpus_per_worker or None,
            max_restarts=-1,
            max_task_retries=TRIES_AGAIN,
        )

    def _connect(self) -> None:
        connect(self.config.workers)
        wanted, found = self.config.gpus_per_worker, gpus()
        if found < wanted and not is_named():
            raise ConfigError(
                f"executor.gpus_per_worker is {wanted:g} and this machine has {found:g} GPUs: "
                "set it to 0, or name a cluster in RAY_ADDRESS"
            )


class _Reader(Generic[In]):
    """Reads parts where the run folder is, until the driver puts the file `stop` there."""

    def __init__(self, tasks: Parts[In], stop: Path) -> None:
        self._tasks = tasks
        self._stop = stop

    def __call__(self, batch: Batch) -> Batch:
        if self._stop.exists():
            return _packed(batch, None)
        return _packed(batch, self._tasks.read(int(batch["part"][0])))


class _StageWorker(Generic[In, Out]):
    """Sets the stage up with its first part, so that an error of it comes back like any other.

    After an error it works no more: what was handed out already would fail as slowly.
    """

    def __init__(self, stage: Stage[In, Out]) -> None:
        self._stage = stage
        self._worker: Worker[In, Out] | None = None
        self._failed = False

    def __call__(self, batch: Batch) -> Batch:
        rows = pickle.loads(batch["rows"][0])
        if rows is None or self._failed:
            return _packed(batch, None)
        try:
            if self._worker is None:
                self._worker = self._stage.setup()
            return _packed(batch, self._worker.process(rows))
        except HarmaugError as error:
            self._failed = True
            return _packed(batch, error)


def _packed(batch: Batch, content: object) -> Batch:
    rows = np.empty(1, dtype=np.object_)
    rows[0] = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    return {"part": batch["part"], "rows": rows}


def _one_line(error: ray.exceptions.RayError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"the Ray cluster gave up ({lines[-1]}): run the same command again to go on"
