"""onnxruntime's sessions over one model: as many as run it at the same time.

A session keeps the memory that its runs give back. With two threads in one session that memory
passes from core to core: 600 real rows take 5 to 6% longer than with a session for each (measured
on two cores). Each costs 30 MB for the embedded guard, so there are no more than eight.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnxruntime as ort

from harmaug.errors import ModelError

MOST = 8
"""Sessions over one model; more threads than that share them."""


def sums_in_32_bits(cpus: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor is known to sum products of 8 bits in 32 (VNNI), not in 16.

    `cpus` is where Linux lists what its processors can do; elsewhere it is not known.
    """
    try:
        with cpus.open(encoding="utf-8", errors="replace") as file:
            listed = file.read(8192)  # the first processor's lines: the others are the same
    except OSError:
        return False
    return "avx512_vnni" in listed or "avx_vnni" in listed


class Sessions:
    """Sessions of one core each over one model, opened when there is work for them."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._path = path
        self._most = min(threads, MOST)
        self._stamp = _stamp(path)
        first = self._opened()
        self._all = [first]
        self._idle = [first]
        self._turn = itertools.count()
        self._lock = threading.Lock()

    @property
    def inputs(self) -> set[str]:
        """What the model reads."""
        return {value.name for value in self._all[0].get_inputs()}

    @property
    def output(self) -> tuple[str, int | None]:
        """The model's first output, and how many classes it has where the file says so."""
        found = self._all[0].get_outputs()[0]
        classes = found.shape[-1]
        return found.name, classes if isinstance(classes, int) else None

    @contextmanager
    def one(self) -> Iterator[ort.InferenceSession]:
        """Lend a session: an idle one, a new one or, where no more are opened, a shared one."""
        session = self._free()
        if session is None:
            yield self._all[next(self._turn) % len(self._all)]
            return
        try:
            yield session
        finally:
            self._idle.append(session)

    def _free(self) -> ort.InferenceSession | None:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        with self._lock:
            # What stands in the file's place by now may be another model.
            if len(self._all) == self._most or _stamp(self._path) != self._stamp:
                return None
            session = self._opened()
            self._all.append(session)
            return session

    def _opened(self) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        if not sums_in_32_bits():  # unsigned weights never overflow 16, and take twice the time
            options.add_session_config_entry("session.x64quantprecision", "1")
        # Fused with the addition before it, the layer norm is ten times slower.
        slow = ["SkipLayerNormFusion"]
        try:
            return ort.InferenceSession(
                str(self._path),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=slow,
            )
        except Exception as error:  # onnxruntime's errors share no base class
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"{self._path}: not a model that runs ({reason}); export it again"
            ) from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from one that was put in its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
