"""Any OpenAI-compatible server: vLLM, SGLang, llama.cpp, `transformers serve`, hosted ones."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from harmaug.augment.minors import sexualises_minors
from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ConfigError, ServerError
from harmaug.llm.base import LLM, Completion, Request
from harmaug.llm.journal import Journal
from harmaug.llm.prefill import Dialect, probed, stated
from harmaug.llm.transport import Endpoint, RequestError, Transport
from harmaug.llm.wire import Call, without_prefill

BREAKER = 64
"""So many rows given up in a row end the run: a broken server is not asked 100,000 times."""


def load(config: LLMConfig, journal: Path | None) -> LLM:
    """Make the client of a server; it is first contacted by the first request.

    Raises:
        ConfigError: when the server or its model is not named.
        ModelError: when the template has to be rendered here and its tokenizer cannot be loaded.
    """
    if config.model is None:
        raise ConfigError("llm.model: backend openai needs the name that the server knows")
    if config.base_url is None or not config.base_url.startswith(("http://", "https://")):
        raise ConfigError(
            "llm.base_url: backend openai needs one, such as http://127.0.0.1:8000/v1"
        )
    endpoint = Endpoint(
        url=config.base_url,
        model=config.model,
        api_key=os.environ.get(config.api_key_env),
        api_key_env=config.api_key_env,
        concurrency=config.concurrency,
        timeout_s=config.timeout_s,
        retries=config.retries,
    )
    return OpenAILLM(config, endpoint, Journal(journal))


class OpenAILLM:
    """A server, asked for many answers at once; every answer is journaled before it is used."""

    def __init__(self, config: LLMConfig, endpoint: Endpoint, journal: Journal) -> None:
        self.journal = journal
        self._config = config
        self._endpoint = endpoint
        self._transport = Transport(endpoint)
        self._dialect = stated(config, endpoint.model)

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        """Complete every request; answers that the journal holds are not asked for again.

        Raises:
            ServerError: when the server is away, refuses key or model, or answers no request.
            ModelError: when it has to continue a prefill and cannot.
            RunFolderError: when the journal cannot be written.
        """
        return asyncio.run(self._complete(requests, sampling))

    async def _complete(
        self, requests: Sequence[Request], sampling: SamplingConfig
    ) -> list[Completion]:
        async with self._transport.open() as client:
            dialect = await self._speak(client, requests)
            calls = [dialect.call(request, sampling) for request in requests]
            missing: dict[str, tuple[Call, Request]] = {}
            answers: dict[str, Completion] = {}
            for call, request in zip(calls, requests, strict=True):
                known = self.journal.find(call.key)
                if known is None:
                    missing[call.key] = (call, request)
                else:
                    answers[call.key] = known
            answers.update(await self._ask_all(client, missing))
        return [
            _finished(answers[call.key], request.prefill)
            for call, request in zip(calls, requests, strict=True)
        ]

    async def _speak(self, client: httpx.AsyncClient, requests: Sequence[Request]) -> Dialect:
        """Return how to put these requests; the first prefill has the server probed."""
        if self._dialect is not None:
            return self._dialect
        if all(request.prefill is None for request in requests):
            return Dialect(self._endpoint.model, "chat")
        self._dialect = await probed(
            self._config,
            self._endpoint.model,
            lambda call: self._transport.ask(client, call, lambda: None),
        )
        return self._dialect

    async def _ask_all(
        self, client: httpx.AsyncClient, missing: Mapping[str, tuple[Call, Request]]
    ) -> dict[str, Completion]:
        """Keep `concurrency` requests under way until every one is answered or given up."""
        answers: dict[str, Completion] = {}
        waiting = iter(missing.items())
        failures = _Failures(self._endpoint.url)

        async def work() -> None:
            for key, (call, request) in waiting:
                answer = await self._ask(client, key, call, request)
                answers[key] = answer
                failures.note(answer.error)

        workers = [
            asyncio.create_task(work())
            for _ in range(min(self._endpoint.concurrency, len(missing)))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if len(missing) > 1 or self.journal.accounts().answered == 0:
            failures.raise_if_all(len(missing))
        return answers

    async def _ask(
        self, client: httpx.AsyncClient, key: str, call: Call, request: Request
    ) -> Completion:
        self.journal.count("asked")
        try:
            answer = await self._transport.ask(client, call, lambda: self.journal.count("retried"))
        except RequestError as error:
            self.journal.count("given up")
            reason = "refused" if sexualises_minors(error.reason) else error.reason
            return Completion(None, reason, 0, 0)
        except ServerError:
            self.journal.count("given up")
            raise
        context = " ".join(message["content"] for message in request.messages)
        keep = not sexualises_minors(f"{context} {answer.text}")
        self.journal.answered(key, answer, keep=keep)
        return answer


class _Failures:
    """Tells rows that fail alone from a server that fails."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._reasons: Counter[str] = Counter()
        self._in_a_row = 0

    def note(self, error: str | None) -> None:
        """Take note of one row's end."""
        self._in_a_row = 0 if error is None else self._in_a_row + 1
        if error is not None:
            self._reasons[error] += 1
        if self._in_a_row >= BREAKER:
            self._raise(f"{self._in_a_row} requests in a row")

    def raise_if_all(self, asked: int) -> None:
        """Raise when every one of the requests asked failed."""
        if asked and self._reasons.total() == asked:
            self._raise("the only request" if asked == 1 else f"all {asked} requests")

    def _raise(self, which: str) -> None:
        reason = self._reasons.most_common(1)[0][0]
        raise ServerError(
            f"{self._url} failed {which}, most often with: {reason}; see the server's log, "
            "then run the same command again: answers received are kept"
        )


def _finished(answer: Completion, prefill: str | None) -> Completion:
    return answer if answer.error is not None else without_prefill(answer, prefill)
