"""How a server continues an answer that has begun: stated by the configuration, or probed once.

A server may refuse the fields that ask for it, and may as well ignore them, close the assistant
turn and begin another. The prefix attack would then measure nothing, so the probe looks at what
the server did with the prefill: a continued turn costs the prefill's tokens and no more, a closed
one costs its end or the next turn's head as well, which may be a single token. Where a server
counts no tokens, a word cut in two tells: only a model that continues it writes its second half.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import ModelError
from harmaug.llm.base import Completion, Request
from harmaug.llm.transport import RequestError
from harmaug.llm.wire import Call, Mode, chat_call, completions_call
from harmaug.text import Message

COUNTED = "The answer is 7"
"""Written twice without a space it costs twice as much: no tokenizer joins `7` and `T`."""
CUT = "The capital of France is Par"
REST = "is"
QUESTION = Request(
    "probe", ({"role": "user", "content": "What is the capital of France?"},), None, 0
)
PROBE = SamplingConfig(temperature=0.0, max_new_tokens=4)

Ask = Callable[[Call], Awaitable[Completion]]
Renderer = Callable[[Request], str]


@dataclass(frozen=True)
class Dialect:
    """How requests are put to this server. With a renderer every request is put as text."""

    model: str
    mode: Mode
    renderer: Renderer | None = None

    def call(self, request: Request, sampling: SamplingConfig) -> Call:
        """Build the call of one request."""
        if self.renderer is not None:
            text = self.renderer(request)
            return completions_call(self.model, text, request.seed, sampling)
        return chat_call(self.model, request, sampling, self.mode)


def stated(config: LLMConfig, model: str) -> Dialect | None:
    """Return the dialect that the configuration states, None where it has to be probed.

    Raises:
        ModelError: when the template has to be rendered here and its tokenizer cannot be loaded.
    """
    if config.prefill == "auto":
        return None
    if config.prefill == "completions":
        return _rendered(config, model)
    return Dialect(model, config.prefill)


async def probed(config: LLMConfig, model: str, ask: Ask) -> Dialect:
    """Find the first way that works: chat, prefix, then a template rendered here.

    Raises:
        ModelError: when none does, saying what each was answered and what can be set.
    """
    reasons: list[str] = []
    for dialect in (Dialect(model, "chat"), Dialect(model, "prefix")):
        try:
            if await _continues(dialect, ask):
                return dialect
            reasons.append(f"{dialect.mode}: begins a new turn")
        except RequestError as error:
            reasons.append(f"{dialect.mode}: {error.reason}")
    try:
        dialect = _rendered(config, model)
        await ask(dialect.call(_started(COUNTED), PROBE))
    except RequestError as error:
        reasons.append(f"completions: {error.reason}")
    except ModelError as error:
        reasons.append(f"completions: {error}")
    else:
        return dialect
    raise ModelError(
        f"{config.base_url} cannot continue an answer of '{model}' that has begun "
        f"({'; '.join(reasons)}): take a server that can (vLLM, SGLang, llama.cpp), "
        "set llm.prefill to what it understands, or set generate.attack to injection"
    )


async def _continues(dialect: Dialect, ask: Ask) -> bool:
    """Look at what the server made of a prefill (counts), or at what it wrote (no counts)."""
    once = await ask(dialect.call(_started(COUNTED), PROBE))
    if not once.tokens_in:
        cut = await ask(dialect.call(_started(CUT), PROBE))
        return (cut.text or "").startswith(REST)
    bare = await ask(dialect.call(QUESTION, PROBE))
    twice = await ask(dialect.call(_started(COUNTED * 2), PROBE))
    unit = twice.tokens_in - once.tokens_in
    if 0 < once.tokens_in - bare.tokens_in <= unit:
        return True
    closed = await ask(_closed(dialect))
    return bare.tokens_in < once.tokens_in < closed.tokens_in


def _closed(dialect: Dialect) -> Call:
    """Put the same turn closed, without a next turn's head where a server can leave it out.

    A template may open assistant turns with more (an empty thought) than a new turn's head: a turn
    that goes on is shorter than the same turn closed all the same. A server that leaves out the
    head and closes the turn makes both alike.
    """
    answer: Message = {"role": "assistant", "content": COUNTED}
    turns = dataclasses.replace(QUESTION, messages=(*QUESTION.messages, answer))
    call = dialect.call(turns, PROBE)
    how = {"continue_final_message": False, "add_generation_prompt": False}
    return dataclasses.replace(call, body={**call.body, **(how if dialect.mode == "chat" else {})})


def _started(prefill: str) -> Request:
    return dataclasses.replace(QUESTION, prefill=prefill)


def _rendered(config: LLMConfig, model: str) -> Dialect:
    from harmaug.llm.rendered import load_renderer

    renderer = load_renderer(config.tokenizer or model, config.revision)
    return Dialect(model, "completions", renderer)
