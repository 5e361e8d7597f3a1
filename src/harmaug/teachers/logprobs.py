"""A guard's next token over the wire: the call that asks for its log-probabilities, its answer.

Servers differ in whether a prompt may be token ids, whether log-probabilities can be had by token
id (vLLM's `logprob_token_ids`), how many they give, and how an answer holds them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from harmaug.llm.base import Completion
from harmaug.llm.wire import COMPLETIONS_PATH, Answer, Call, first_choice

Names = frozenset[int | str]
"""What servers may call one token: its id, and how it is spelt."""

BY_ID = "token_id:"
"""What vLLM writes before an id where tokens are named by id."""


@dataclass(frozen=True)
class Way:
    """How a server is asked: the prompt as token ids, tokens by id, so many log-probabilities."""

    ids: bool
    by_id: bool
    most: int


WAYS = (Way(True, True, 20), Way(True, False, 20), Way(False, False, 20), Way(False, False, 5))
"""From the most exact way to what OpenAI's own endpoint takes. 20 is vLLM's default maximum."""


@dataclass(frozen=True)
class Prompt:
    """A text that a guard goes on from, and its tokens."""

    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Next:
    """The tokens that a server returned for the next place, by id or as text, and what it wrote."""

    near: Mapping[int | str, float]
    written: str


def next_call(model: str, prompt: Prompt, wanted: Sequence[int], way: Way) -> Call:
    """Ask for the next token's log-probabilities, those of `wanted` by id where that is known."""
    body = _common(model, prompt, 1, way) | {"logprobs": way.most}
    if way.by_id:
        body |= {"logprob_token_ids": sorted(wanted), "return_tokens_as_token_ids": True}
    return Call(COMPLETIONS_PATH, body, read_next)


def write_call(model: str, prompt: Prompt, most: int, way: Way) -> Call:
    """Ask for up to `most` tokens, control tokens written out where the server can."""
    body = _common(model, prompt, most, way)
    if way.by_id:
        body |= {"skip_special_tokens": False}
    return Call(COMPLETIONS_PATH, body, read_next)


def _common(model: str, prompt: Prompt, most: int, way: Way) -> dict[str, object]:
    given: object = list(prompt.ids) if way.ids else prompt.text
    return {"model": model, "prompt": given, "max_tokens": most, "temperature": 0.0}


class _Token(BaseModel):
    token: str
    logprob: float
    id: int | None = None


class _Place(_Token):
    top_logprobs: list[_Token] = []


class _Logprobs(BaseModel):
    top_logprobs: list[dict[str, float] | None] | None = None
    content: list[_Place] | None = None


class _Choice(BaseModel):
    text: str = ""
    logprobs: _Logprobs | None = None


def read_next(content: bytes) -> Completion:
    """Read an answer into a completion whose text is a `Next` as JSON, as the journal keeps it.

    Raises:
        ValueError: when it cannot be read, in a few words.
    """
    choice, usage = first_choice(content, Answer[_Choice])
    near = [] if choice.logprobs is None else list(_near(choice.logprobs).items())
    text = json.dumps({"near": near, "written": choice.text})
    return Completion(text, None, usage.prompt_tokens, usage.completion_tokens)


def next_of(answer: Completion) -> Next:
    """Return what an answer says of the next token."""
    read = json.loads(answer.text or "{}")
    return Next(dict(read["near"]), read["written"])


def _near(logprobs: _Logprobs) -> dict[int | str, float]:
    """Gather the first place's tokens: in OpenAI's legacy form, or in that of llama.cpp (chat)."""
    if logprobs.content:
        place = logprobs.content[0]
        tokens = [place, *place.top_logprobs]
        return {_name(token.token, token.id): token.logprob for token in tokens}
    top = (logprobs.top_logprobs or [None])[0] or {}
    return {_name(token): logprob for token, logprob in top.items()}


def _name(token: str, number: int | None = None) -> int | str:
    if number is not None:
        return number
    digits = token.removeprefix(BY_ID)
    return int(digits) if token.startswith(BY_ID) and digits.isdecimal() else token


def side_odds(found: Next, unsafe: Sequence[Names], safe: Sequence[Names]) -> tuple[float, bool]:
    """Return the log-odds of unsafe against safe, and whether a token of theirs had to be floored.

    Each token stands with its names. NaN where the likeliest token begins neither answer, or
    nothing was returned. A token that was not returned is at most as likely as the least likely
    that was, and may be far less: of the log-odds that this leaves open, those nearest to 0.
    """
    best = max(found.near, key=lambda token: found.near[token], default=None)
    if not any(best in names for names in (*unsafe, *safe)):
        return float("nan"), False
    bad_least, bad_most = _bounds(found.near, unsafe)
    good_least, good_most = _bounds(found.near, safe)
    floored = bad_least < bad_most or good_least < good_most
    return float(np.clip(0.0, bad_least - good_most, bad_most - good_least)), floored


def _bounds(near: Mapping[int | str, float], side: Sequence[Names]) -> tuple[float, float]:
    """Return the least and the most that the logarithm of a side's probability can be."""
    known = [near[name] for name in frozenset().union(*side) if name in near]
    missing = sum(names.isdisjoint(near) for names in side)
    floor = min(near.values())
    least = float(np.logaddexp.reduce(known)) if known else -np.inf
    return least, float(np.logaddexp.reduce([*known, *[floor] * missing]))
