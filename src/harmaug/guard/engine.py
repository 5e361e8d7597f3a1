"""Running the ONNX model: encoded rows in, raw log-odds out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from harmaug.errors import ModelError
from harmaug.scoring import FloatArray
from harmaug.text import Encoded

TOKEN_BUDGET = 2048
"""Padded tokens in one batch. Larger ones fall out of the cache, smaller ones waste overhead."""


def available_threads() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


class Engine:
    """An ONNX sequence classifier on the CPU; safe to call from many threads.

    Each batch runs on one core and batches run side by side: splitting one small matrix product
    over cores costs more than it gives.
    """

    def __init__(self, path: Path, *, threads: int, harmful_index: int, pad_id: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no base class
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"{path}: onnxruntime cannot read it ({reason}); export it again"
            ) from None
        self._inputs = {value.name for value in self._session.get_inputs()}
        self._output = self._session.get_outputs()[0].name
        unknown = self._inputs - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown:
            raise ModelError(f"{path}: asks for inputs that no guard has: {sorted(unknown)}")
        self._harmful = harmful_index
        self._pad = pad_id
        self._pool = ThreadPoolExecutor(threads, "harmaug") if threads > 1 else None

    def log_odds(self, rows: Sequence[Encoded]) -> FloatArray:
        """Return the raw log-odds of harm, shape (n,), in the order of the rows."""
        result = np.empty(len(rows), dtype=np.float64)
        batches = plan_batches([len(row) for row in rows], TOKEN_BUDGET)

        def run(batch: Sequence[int]) -> None:
            result[batch] = self._run([rows[index] for index in batch])

        if self._pool is None or len(batches) < 2:
            for batch in batches:
                run(batch)
        else:
            list(self._pool.map(run, batches))
        return result

    def _run(self, rows: Sequence[Encoded]) -> FloatArray:
        ids, types, mask = _padded(rows, self._pad)
        feed = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
        feed = {name: value for name, value in feed.items() if name in self._inputs}
        (logits,) = self._session.run([self._output], feed)
        return _log_odds(np.asarray(logits, dtype=np.float64), self._harmful)


def plan_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Group row indices by length, the longest first, at most `budget` padded tokens a batch."""
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batches and longest * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = lengths[index]
    return batches


def _padded(
    rows: Sequence[Encoded], pad: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    shape = len(rows), max(len(row) for row in rows)
    ids = np.full(shape, pad, dtype=np.int64)
    types = np.zeros(shape, dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row.ids
        types[index, : len(row)] = row.type_ids
        mask[index, : len(row)] = 1
    return ids, types, mask


def _log_odds(logits: FloatArray, harmful: int) -> FloatArray:
    """One logit is a sigmoid's, several are a softmax's."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    others = np.delete(logits, harmful, axis=1)
    return np.asarray(logits[:, harmful] - np.logaddexp.reduce(others, axis=1))
