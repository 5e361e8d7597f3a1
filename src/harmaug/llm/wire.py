"""What goes over the wire: a request as a call of the server, and its answer as a completion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from harmaug.config import SamplingConfig
from harmaug.llm.base import Completion, Request
from harmaug.text.plain import encodable

Choice = TypeVar("Choice", bound=BaseModel)

Mode = Literal["chat", "prefix", "completions"]
"""How an answer that has begun is continued."""

CHAT_PATH = "chat/completions"
COMPLETIONS_PATH = "completions"

NEUTRAL: Mapping[str, int | float] = {
    "top_k": -1,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "repeat_penalty": 1.0,
}
"""Nothing restricted, in the words of vLLM, SGLang and llama.cpp. Left unsaid, a server draws by
its own defaults (llama.cpp: the 40 likeliest, none below .05) or by the model's settings."""


Reader = Callable[[bytes], Completion]
"""Reads the body of an answer; raises ValueError, in a few words, where it cannot be read."""


@dataclass(frozen=True)
class Call:
    """One POST: path under the base URL, body, and how its answer is read."""

    path: str
    body: Mapping[str, object]
    read: Reader

    def key(self, url: str) -> str:
        """Name the call by server and content, model included: 32 hexadecimal digits."""
        text = json.dumps([url, self.path, self.body], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def chat_call(model: str, request: Request, sampling: SamplingConfig, mode: Mode) -> Call:
    """Build a chat call; a prefill becomes an assistant turn that the server has to continue."""
    turns: list[dict[str, object]] = [
        {"role": message["role"], "content": encodable(message["content"])}
        for message in request.messages
    ]
    how: dict[str, object] = {}
    if request.prefill is not None:
        turn: dict[str, object] = {"role": "assistant", "content": request.prefill}
        if mode == "prefix":
            turn["prefix"] = True
        else:
            how = {"continue_final_message": True, "add_generation_prompt": False}
        turns.append(turn)
    return Call(
        CHAT_PATH, {**_common(model, request.seed, sampling), "messages": turns, **how}, read_answer
    )


def completions_call(model: str, prompt: str, seed: int, sampling: SamplingConfig) -> Call:
    """Build a call that continues a text rendered here."""
    return Call(COMPLETIONS_PATH, {**_common(model, seed, sampling), "prompt": prompt}, read_answer)


def _common(model: str, seed: int, sampling: SamplingConfig) -> dict[str, object]:
    """Say how to draw in full: what is left out a server may set otherwise."""
    body: dict[str, object] = {
        "model": model,
        "max_tokens": sampling.max_new_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": seed % 2**31,  # llama.cpp and others hold seeds in 32 bits
        **NEUTRAL,
    }
    if sampling.top_k:
        body["top_k"] = sampling.top_k
    return body


class WithheldError(ValueError):
    """An answer without what was asked for, which asking again would not change."""


class _Part(BaseModel):
    text: str = ""


class _Message(BaseModel):
    content: str | list[_Part] | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message | None = None
    text: str | None = None
    finish_reason: str | None = None


Tokens = Annotated[int, Field(ge=0, lt=2**53), BeforeValidator(lambda count: count or 0)]


class Usage(BaseModel):
    """Tokens as the server counted them."""

    prompt_tokens: Tokens = 0
    completion_tokens: Tokens = 0


class Answer(BaseModel, Generic[Choice]):
    """An answer of any call that completes, as far as it is read."""

    choices: list[Choice]
    usage: Usage | None = None


def first_choice(content: bytes, kind: type[Answer[Choice]]) -> tuple[Choice, Usage]:
    """Read an answer's first choice and what it took.

    Raises:
        ValueError: saying in a few words why there is none.
    """
    try:
        answer = kind.model_validate_json(content)
    except ValidationError:
        raise ValueError(f"an unreadable answer ({_kind(content)})") from None
    if not answer.choices:
        raise ValueError("an answer without choices")
    return answer.choices[0], answer.usage or Usage()


def read_answer(content: bytes) -> Completion:
    """Read the first choice of a chat or completions answer, its text untouched.

    Raises:
        WithheldError: the server says that it withholds the text.
        ValueError: saying in a few words why there is no text to be had.
    """
    choice, usage = first_choice(content, Answer[_Choice])
    text = choice.text if choice.message is None else _text_of(choice.message)
    if text is None and choice.finish_reason == "content_filter":
        raise WithheldError("withheld by the server's content filter")
    if text is None:
        raise ValueError("an answer without text")
    return Completion(text, None, usage.prompt_tokens, usage.completion_tokens)


def _text_of(message: _Message) -> str | None:
    if isinstance(message.content, list):
        return "".join(part.text for part in message.content)
    return message.refusal if message.content is None else message.content


def _kind(content: bytes) -> str:
    """Describe what is no answer without quoting what a model wrote."""
    if content.lstrip().startswith((b"{", b"[")):
        what = "JSON that is no answer" if _parses(content) else "broken JSON"
        return f"{what}, {len(content)} bytes"
    start = " ".join(content[:40].decode("utf-8", "replace").split())
    return f"starts with {start!r}" if start else "nothing"


def _parses(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def without_prefill(completion: Completion, prefill: str | None) -> Completion:
    """Trim the text; a server that repeats the prefill in its answer has it cut off."""
    text = (completion.text or "").strip()
    if prefill and prefill.strip():
        text = text.removeprefix(prefill.strip()).strip()
    return Completion(text, None, completion.tokens_in, completion.tokens_out)
