"""`harmaug serve`: the guard behind HTTP, and its page."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from harmaug.errors import require


def serve(
    model: Annotated[str, typer.Option(help="`embedded`, a folder or a hub id.")] = "embedded",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; each loads the guard.")] = 1,
    threads: Annotated[
        int | None, typer.Option(help="Cores of one worker; all of its share if not given.")
    ] = None,
    queue: Annotated[
        int, typer.Option(help="Items that may wait in one worker; more get 503.")
    ] = 512,
    deadline: Annotated[float, typer.Option(help="Seconds that a request has; then 504.")] = 30.0,
    max_items: Annotated[int, typer.Option(help="Items in one request.")] = 128,
    max_characters: Annotated[int, typer.Option(help="Characters in one request.")] = 1_000_000,
    max_body: Annotated[int, typer.Option(help="Bytes in one request.")] = 8 * 2**20,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Log a line for each request, without its text.")
    ] = False,
    log_text: Annotated[
        bool, typer.Option("--log-text", help="Log what is judged, with its verdict.")
    ] = False,
) -> None:
    """Serve verdicts over HTTP: the OpenAI moderation API, /v1/check, and a page to try it.

    API keys come from HARMAUG_API_KEYS, comma separated; without any, `/v1/` is open.

    Examples:
        harmaug serve

        HARMAUG_API_KEYS=one,two harmaug serve --host 0.0.0.0 --port 8080 --workers 4
    """
    require("serve", "harmaug serve", "fastapi", "httptools", "uvicorn")
    from harmaug.serve.run import serve as run
    from harmaug.serve.settings import ServeSettings, keys_of

    keys = keys_of(os.environ)
    settings = ServeSettings(
        model=model,
        workers=workers,
        threads=threads,
        queue=queue,
        deadline_s=deadline,
        max_items=max_items,
        max_characters=max_characters,
        max_body_bytes=max_body,
        access_log=access_log,
        log_text=log_text,
    )
    run(settings, host, port, keys)
