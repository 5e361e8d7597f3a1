"""llama.cpp's own server in a process: `python -m tests.servers.llama_cpp FILE SLOTS`.

It prints its address, and serves until its standard input is closed.
"""

from __future__ import annotations

import sys

import xllamacpp


def main(path: str, slots: int) -> None:
    """Serve a GGUF file on a free port."""
    settings = xllamacpp.CommonParams()
    settings.model.path = path
    settings.n_parallel = slots
    settings.n_ctx = 512 * slots
    settings.cpuparams.n_threads = 1
    settings.warmup = False
    settings.port = 0
    server = xllamacpp.Server(settings)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
