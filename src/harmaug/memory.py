"""Memory that long work frees and takes again every step, kept instead of given back.

glibc serves large blocks by mapping fresh pages and unmaps them when they are freed, so that each
step of a model on a CPU pays for zeroing what it had a moment ago.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_NEVER = 2**31 - 1
_PAD = 64 << 20


def keep_freed_memory() -> None:
    """Let this process keep the memory it frees; nothing happens where the C library is not glibc.

    Peak memory stays what it is, memory between peaks no longer falls.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    for option, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER), (_TOP_PAD, _PAD)):
        mallopt(option, value)
