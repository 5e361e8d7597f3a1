"""Fuzz the request path by coverage: what libFuzzer sends is answered, and never with a 500.

``python -m tests.serve.fuzz_request GUARD_FOLDER [CORPUS] [libFuzzer's options]``. The first byte
of an input chooses how the rest is read: as a body for either endpoint, as the entry that a body
of the largest size repeats, or as the texts of a body.
"""

from __future__ import annotations

import asyncio
import json
import sys

import atheris
import httpx

with atheris.instrument_imports(include=["harmaug.serve", "harmaug.guard", "harmaug.text"]):
    from harmaug.guard import Guard
    from harmaug.serve.app import create_app
    from harmaug.serve.settings import ServeSettings

PATHS = ("/v1/check", "/v1/moderations")
LARGE = 8 * 2**20 - 1_000
STARTS = (b'{"items":[', b'{"messages":[', b'{"input":[', b'{"prompt":"')
ANSWERS = {200, 400, 413, 422}


def request(data: bytes) -> tuple[str, bytes]:
    """Return a path and a body."""
    if not data or data[0] < 4:
        return PATHS[bool(data) and data[0] % 2], data[1:]
    if data[0] == 4:
        start, entry = STARTS[data[-1] % len(STARTS)], data[1:-1] or b"{},"
        return PATHS[b"input" in start], start + entry * (LARGE // len(entry)) + entry.rstrip(
            b","
        ) + b"]}"
    source = atheris.FuzzedDataProvider(data[1:])
    texts = [source.ConsumeUnicode(source.ConsumeIntInRange(0, 80)) for _ in range(3)]
    turns = zip(("user", "assistant"), texts, strict=False)
    bodies: list[dict[str, object]] = [
        {"prompt": texts[0], "explain": source.ConsumeBool()},
        {"prompt": texts[0], "response": texts[1], "threshold": source.ConsumeFloat()},
        {"items": [{"prompt": text} for text in texts], "operating_point": texts[2]},
        {"messages": [{"role": role, "content": text} for role, text in turns]},
        {"prompt": texts[0] * source.ConsumeIntInRange(1, 99)},
        {"input": texts},
    ]
    body = bodies[source.ConsumeIntInRange(0, len(bodies) - 1)]
    return PATHS["input" in body], json.dumps(body).encode()


def check(answer: httpx.Response) -> None:
    """Fail on anything but a verdict or an error of the documented shape."""
    if answer.status_code not in ANSWERS:
        raise AssertionError(f"{answer.status_code}: {answer.text}")
    body = answer.json()
    if answer.status_code != 200 and "\n" in body["error"]["message"]:
        raise AssertionError(f"more than a line: {answer.text}")


def main() -> None:
    """Fuzz until libFuzzer's options say stop; exit with 77 at the first failure."""
    name, folder, *options = sys.argv
    loop = asyncio.new_event_loop()
    limits = ServeSettings(max_items=8, max_characters=5_000, threads=1)
    app = create_app(Guard.load(folder, threads=1), limits)
    loop.run_until_complete(app.router.lifespan_context(app).__aenter__())
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://guard")

    def one(data: bytes) -> None:
        path, body = request(data)
        check(loop.run_until_complete(client.post(path, content=body)))

    atheris.Setup([name, *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
