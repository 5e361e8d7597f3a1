"""From the messages of a chat API to the pair that a guard judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from harmaug.errors import DataError
from harmaug.scoring import TextPair

Role = Literal["system", "user", "assistant"]


class Message(TypedDict):
    """One turn of a conversation, as chat APIs have it."""

    role: Role
    content: str


def conversation(messages: Sequence[Message]) -> TextPair:
    """Turn a conversation into the pair to judge.

    The last assistant turn, where it ends the conversation, is the response; everything before
    it is context and becomes the prompt: a single user turn as it is, several turns as lines
    `Human: ...` and `Assistant: ...`. System turns are the application's own and are not judged.

    Raises:
        DataError: for an empty conversation, an unknown role, a turn without text, or one
            without a user turn.
    """
    for message in messages:
        if not isinstance(message.get("content"), str):
            raise DataError("each message needs its text under 'content', as a string")
    turns = [message for message in messages if message.get("role") != "system"]
    unknown = {str(turn.get("role")) for turn in turns} - {"user", "assistant"}
    if unknown:
        raise DataError(f"unknown role '{min(unknown)}'; use system, user or assistant")
    response = turns.pop()["content"] if turns and turns[-1]["role"] == "assistant" else None
    if not any(turn["role"] == "user" for turn in turns):
        raise DataError("a conversation needs at least one user turn before the answer to judge")
    if len(turns) == 1:
        return turns[0]["content"], response
    names = {"user": "Human", "assistant": "Assistant"}
    lines = [f"{names[turn['role']]}: {turn['content']}" for turn in turns]
    return "\n".join(lines), response
