"""A small real HTTP server that speaks the OpenAI dialect, deterministically, with faults on call.

Its "model" answers with a hash of the text it reads, so that a test can tell what was continued.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, TypedDict

Fault = Literal[
    "500",
    "429",
    "400",
    "401",
    "403",
    "404",
    "hang",
    "reset",
    "truncated",
    "no choices",
    "html",
    "nothing",
    "no gzip",
]
CONTINUING = frozenset({"continue_final_message", "add_generation_prompt"})


class Turn(TypedDict, total=False):
    role: str
    content: str
    prefix: bool


class Body(TypedDict, total=False):
    model: str
    messages: list[Turn]
    prompt: str
    input: list[str]
    seed: int
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    repeat_penalty: float
    continue_final_message: bool
    add_generation_prompt: bool
    logprobs: int
    logprob_token_ids: list[int]
    return_tokens_as_token_ids: bool
    skip_special_tokens: bool


@dataclass
class Stub:
    """What the server can do, what it does wrong, and what it has seen.

    `fault(seed, time)` names what goes wrong with the given try (from 1) of a seed; calls without
    one count as seed -1. `document` stands in for the answers, `refusal` says what is refused;
    without `chats` there is no chat to be had (404).
    """

    understands: frozenset[str] = frozenset({"chat", "completions"})
    strict: bool = False
    chats: bool = True
    usage: bool = True
    thinks: bool = False
    repeats: bool = False
    delay_s: float = 0.0
    retry_after: str = "0"
    fault: Callable[[int, int], Fault | None] = lambda seed, times: None
    document: Callable[[Body], Mapping[str, object]] | None = None
    refusal: Callable[[Body], str | None] = lambda body: None
    port: int = 0
    url: str = ""
    bodies: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    tries: dict[int, int] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of_seed(self, seed: int) -> list[Body]:
        """What was asked with a seed."""
        return [body for body in self.bodies if body.get("seed", -1) == seed]

    def read(self, body: Body) -> tuple[str, str]:
        """Return the text that the model reads, and the part of it that it continues."""
        turns = body["messages"]
        last = turns[-1]
        goes_on = last["role"] == "assistant" and (
            ("chat" in self.understands and body.get("continue_final_message", False))
            or ("prefix" in self.understands and last.get("prefix", False))
        )
        pieces = []
        for at, turn in enumerate(turns):
            thought = "<think> </think>" if self.thinks and turn["role"] == "assistant" else ""
            end = "" if goes_on and at == len(turns) - 1 else "<end>"
            pieces.append(f"<{turn['role']}> {thought} {turn['content']} {end}")
        pieces.append("" if goes_on else "<assistant>")
        return " ".join(" ".join(pieces).split()), last["content"] if goes_on else ""


def answer_of(text: str, seed: int) -> str:
    """What the stub's model writes after `text`."""
    if text.endswith("is Par"):
        return "is."
    return f"word {hashlib.sha256(f'{seed}:{text}'.encode()).hexdigest()[:12]}"


def tokens(text: str) -> int:
    """Count words; a digit and a letter are never one, as in any tokenizer."""
    return len(re.sub(r"(?<=[0-9])(?=[A-Z])", " ", text).split())


def document(stub: Stub, path: str, body: Body) -> Mapping[str, object]:
    """Answer one call."""
    if stub.document is not None:
        return stub.document(body)
    chat = path.endswith("chat/completions")
    text, begun = stub.read(body) if chat else (body["prompt"], "")
    written = answer_of(text, body["seed"])
    if stub.repeats:
        written = f"{begun} {written}"
    choice: dict[str, object] = {"index": 0, "finish_reason": "stop"}
    if chat:
        choice["message"] = {"role": "assistant", "content": written}
    else:
        choice["text"] = written
    counts = {"prompt_tokens": tokens(text), "completion_tokens": tokens(written)}
    return {"choices": [choice], **({"usage": counts} if stub.usage else {})}


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """Serve on the stub's port, or a free one, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body: Body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with stub.lock:
                stub.bodies.append(body)
                stub.keys.append(self.headers["Authorization"])
                stub.arrivals.append(time.monotonic())
                stub.under_way += 1
                stub.most_under_way = max(stub.most_under_way, stub.under_way)
                seed = body.get("seed", -1)
                times = stub.tries[seed] = stub.tries.get(seed, 0) + 1
            try:
                time.sleep(stub.delay_s)
                self.reply(body, stub.fault(seed, times))
            finally:
                with stub.lock:
                    stub.under_way -= 1

        def reply(self, body: Body, fault: Fault | None) -> None:
            refused = self.refusal(body)
            if not stub.chats and self.path.endswith("/chat/completions"):
                self.send(404, b"no such path")
            elif fault is None and refused is not None:
                self.send(400, refused.encode())
            elif fault is None:
                self.send(200, json.dumps(document(stub, self.path, body)).encode())
            elif fault == "hang":
                stub.closing.wait(20.0)
                self.close_connection = True
            elif fault == "reset":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
                self.wfile.flush()
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
            elif fault == "no gzip":
                self.send(200, b"not compressed", encoding="gzip")
            elif fault in {"truncated", "no choices", "html", "nothing"}:
                whole = json.dumps(document(stub, self.path, body)).encode()
                nonsense = {
                    "truncated": whole[: len(whole) // 2],
                    "no choices": b'{"choices": []}',
                    "html": b"<html><h1>Welcome to nginx</h1></html>",
                    "nothing": b"",
                }
                self.send(200, nonsense[fault])
            else:
                self.send(int(fault), b'{"error": "it is\n broken"}')

        def refusal(self, body: Body) -> str | None:
            if stub.document is not None:
                return stub.refusal(body)
            if self.path.endswith("/v1/chat/completions"):
                asked = CONTINUING & body.keys() or body["messages"][-1].get("prefix")
                return "unknown field" if stub.strict and asked else None
            known = self.path.endswith("/v1/completions") and "completions" in stub.understands
            return None if known else "no such path"

        def send(self, status: int, content: bytes, encoding: str | None = None) -> None:
            self.send_response(status)
            if encoding is not None:
                self.send_header("Content-Encoding", encoding)
            if status == 429:
                self.send_header("Retry-After", stub.retry_after)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # with 5, a busy machine resets connections by itself

    server = Server(("127.0.0.1", stub.port), Handler)
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        stub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
