"""Running the ONNX model: encoded rows in, raw log-odds out.

Each row is a run of its own, on one core, and rows run side by side. Measured on a 6-layer encoder
of width 384 in int8: a run over one row of 16 tokens or more reaches the tokens per second of a
full batch of that length (below it is 25 to 45% slower), so that batches would buy nothing and
cost padding. Besides, int8 activations are scaled by the largest in the batch: alone, a row gets
the same score whatever stands beside it and however many threads there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from harmaug.errors import ModelError
from harmaug.guard.sessions import Sessions
from harmaug.scoring import FloatArray
from harmaug.text import Encoded

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

TASK_TOKENS = 512
"""Rows are handed to threads in tasks of about so many tokens: tens of milliseconds each."""

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


def available_threads(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """How many cores this process may use; a container's share of them where it has one.

    `quota` is where Linux (cgroup v2) writes microseconds of CPU time and of the period.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        cores = os.cpu_count() or 1
    try:
        allowed, period = map(int, quota.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # no such file, or "max": no quota
        return cores
    return max(1, min(cores, round(allowed / period)))


Wanted = Callable[[], bool]
"""Tells whether somebody still waits for the scores; asked from the threads that score."""


class GivenUpError(Exception):
    """The caller no longer wanted the scores."""


class Engine:
    """An ONNX sequence classifier on the CPU; safe to call from many threads."""

    def __init__(self, path: Path, *, threads: int, harmful_index: int) -> None:
        self._sessions = Sessions(path, threads=threads)
        self._inputs = self._sessions.inputs
        if not {"input_ids"} <= self._inputs <= _INPUTS:
            raise ModelError(f"{path}: its inputs {sorted(self._inputs)} are not those of a guard")
        self._output, classes = self._sessions.output
        if classes is not None and harmful_index >= max(2, classes):
            raise ModelError(
                f"{path} has {classes} outputs: its harmaug.json: 'harmful_index' must be below "
                f"that, not {harmful_index}"
            )
        self._path = path
        self._harmful = harmful_index
        self._threads = threads
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def log_odds(self, rows: Sequence[Encoded], wanted: Wanted | None = None) -> FloatArray:
        """Return the raw log-odds of harm, shape (n,), in the order of the rows.

        Raises:
            ModelError: when the model gives anything but numbers.
            GivenUpError: once `wanted`, asked before each task, says no.
        """
        tasks = plan([len(row) for row in rows], TASK_TOKENS)
        result = np.empty(len(rows), dtype=np.float64)

        def run(task: list[int]) -> None:
            if wanted is not None and not wanted():
                raise GivenUpError
            with self._sessions.one() as session:
                for index in task:
                    result[index] = self._run(session, rows[index])

        if self._threads == 1 or len(tasks) < 2:
            for task in tasks:
                run(task)
        else:
            list(self._workers().map(run, tasks))
        return result

    def _workers(self) -> ThreadPoolExecutor:
        # Importing this costs as much as reading the tokenizer: a first verdict does without.
        from concurrent.futures import ThreadPoolExecutor

        process = os.getpid()
        if self._pool is None or self._pool[0] != process:  # threads are not there after a fork
            self._pool = process, ThreadPoolExecutor(self._threads, "harmaug")
        return self._pool[1]

    def _run(self, session: ort.InferenceSession, row: Encoded) -> float:
        feed = {"input_ids": np.array([row.ids], dtype=np.int64)}
        if "attention_mask" in self._inputs:
            feed["attention_mask"] = np.ones((1, len(row)), dtype=np.int64)
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.array([row.type_ids], dtype=np.int64)
        (logits,) = session.run([self._output], feed)
        values = np.asarray(logits, dtype=np.float64)[0]
        if not np.isfinite(values).all():
            raise ModelError(
                f"{self._path}: its scores are not numbers (NaN or infinite), so its weights are "
                "broken: train or export it again"
            )
        return _log_odds(values, self._harmful)


def plan(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Group row indices into tasks of at most `tokens` (or one row), the longest rows first.

    The longest first, so that threads end together.
    """
    tasks: list[list[int]] = []
    held = tokens
    for index in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if held + lengths[index] > tokens:
            tasks.append([])
            held = 0
        tasks[-1].append(index)
        held += lengths[index]
    return tasks


def _log_odds(logits: FloatArray, harmful: int) -> float:
    """One logit is a sigmoid's, several are a softmax's."""
    if len(logits) == 1:
        return float(logits[0])
    return float(logits[harmful] - np.logaddexp.reduce(np.delete(logits, harmful)))
