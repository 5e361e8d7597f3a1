"""Starting and stopping: the port, the guard, the workers, and answering what was taken in."""

from __future__ import annotations

import errno
import logging
import logging.config
import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import uvicorn

from harmaug.errors import ConfigError, ServerError
from harmaug.guard import Guard
from harmaug.guard.engine import available_threads
from harmaug.serve.app import SETTINGS_VARIABLE, create_app
from harmaug.serve.protocol import BoundedHttp
from harmaug.serve.settings import KEYS_VARIABLE, ServeSettings, parse_keys

log = logging.getLogger("harmaug.serve")

_WORKER = "harmaug.serve.app:worker_app"

_LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "harmaug": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}


def serve(settings: ServeSettings, host: str, port: int, keys: Sequence[str] = ()) -> None:
    """Serve until SIGTERM or SIGINT; then no more is taken in, and what was is answered.

    Port 0 takes a free one; the log names it. `keys` open `/v1/`; none leave it open. Worker
    processes get them in their environment (`HARMAUG_API_KEYS`).

    Raises:
        ConfigError: for keys that this environment variable cannot carry.
        ServerError: when the address cannot be used.
        ModelError: when the guard cannot be loaded.
    """
    carried = ",".join(keys)
    if parse_keys(carried) != tuple(keys):
        raise ConfigError("an API key has no comma in it, no blanks around it, and is not empty")
    listening = _bind(host, port)
    port = listening.getsockname()[1]
    grace = ceil(settings.deadline_s) + 1
    logging.config.dictConfig(_LOGGING)
    if settings.workers == 1:
        guard = Guard.load(settings.model, threads=settings.threads)
        config = uvicorn.Config(
            create_app(guard, settings, keys),
            http=BoundedHttp,
            ws="none",
            access_log=False,
            log_config=_LOGGING,
            timeout_graceful_shutdown=grace,
        )
        log.info("serving %s at %s", settings.model, _address(host, port))
        uvicorn.Server(config).run(sockets=[listening])
        return
    threads = settings.threads or max(1, available_threads() // settings.workers)
    # A worker that cannot load its guard is started again for ever: what is wrong is told here.
    Guard.load(settings.model, threads=threads)
    listening.close()
    os.environ[SETTINGS_VARIABLE] = replace(settings, threads=threads).to_json()
    os.environ.pop(KEYS_VARIABLE, None)
    if carried:
        os.environ[KEYS_VARIABLE] = carried
    log.info("%d workers serve %s at %s", settings.workers, settings.model, _address(host, port))
    uvicorn.run(
        _WORKER,
        factory=True,
        host=host,
        port=port,
        workers=settings.workers,
        http=BoundedHttp,
        ws="none",
        access_log=False,
        log_config=_LOGGING,
        timeout_graceful_shutdown=grace,
    )


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ServerError(f"no port {port}: ports go from 0 to 65535")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except UnicodeError:
        raise ServerError(f"no host {host!r}: give a name or an address") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} on {host} is in use: stop what listens there, or choose another "
                "with --port"
            ) from None
        raise ServerError(f"cannot listen on {host} port {port}: {error}") from None
    listening.set_inheritable(True)
    return listening
