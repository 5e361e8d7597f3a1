"""From the messages of a chat API to what a guard judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypedDict

from harmaug.errors import DataError
from harmaug.scoring import TextPair

Role = Literal["system", "user", "assistant"]

_NAMES = {"user": "Human", "assistant": "Assistant", "tool": "Tool"}
_OWN = frozenset({"system", "developer"})


class Message(TypedDict):
    """One turn of a conversation, as chat APIs have it."""

    role: Role
    content: str


class Exchange(NamedTuple):
    """A pair to judge, whose prompt starts with `history` characters of earlier turns.

    Without a response the prompt's rest is judged, and the earlier turns are its context.
    """

    prompt: str
    response: str | None = None
    history: int = 0

    @property
    def pair(self) -> TextPair:
        """The two texts."""
        return self.prompt, self.response


def conversation(messages: Sequence[Mapping[str, object]]) -> Exchange:
    """Turn a conversation into what is judged of it.

    The last assistant turn is judged where it ends the conversation, else the last user turn.
    Everything before it is context: several turns stand in the prompt as lines `Human: ...`,
    `Assistant: ...` and `Tool: ...`, a single one as it is. A tool's result that no answer follows
    is not read yet. System and developer turns are the application's own and are not judged.

    Args:
        messages: `{"role", "content"}` each; the content is a string, a list of parts with `text`
            (joined by newlines), or None beside `tool_calls`. Other keys are ignored.

    Raises:
        DataError: for anything else, or for a conversation without a user turn.
    """
    if not isinstance(messages, list | tuple):
        raise DataError("messages is a list of {'role': ..., 'content': ...}")
    turns = [turn for turn in map(_turn, messages) if turn is not None]
    response = turns.pop()[1] if turns and turns[-1][0] == "assistant" else None
    while response is None and turns and turns[-1][0] != "user":
        turns.pop()
    if not any(role == "user" for role, _ in turns):
        raise DataError("a conversation needs at least one user turn before the answer to judge")
    text = turns[-1][1]
    if len(turns) == 1:
        return Exchange(text, response)
    prompt = "\n".join(f"{_NAMES[role]}: {text}" for role, text in turns)
    return Exchange(prompt, response, 0 if response is not None else len(prompt) - len(text))


def _turn(message: object) -> tuple[str, str] | None:
    """The role and text of a message; None for one that is not read."""
    if not isinstance(message, Mapping):
        raise DataError("each message is {'role': ..., 'content': ...}")
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or role not in _NAMES.keys() | _OWN:
        known = "system, developer, user, assistant or tool"
        raise DataError(f"unknown role {str(role)[:40]!r}; use {known}")
    if content is None and role == "assistant" and message.get("tool_calls"):
        return None
    parts = content if isinstance(content, list | tuple) else [{"text": content}]
    texts = [part.get("text") if isinstance(part, Mapping) else None for part in parts]
    read = [text for text in texts if isinstance(text, str)]
    if len(read) < len(texts):
        raise DataError(
            "each message needs its text under 'content', as a string or as a list of parts with "
            "'text': the guard reads nothing else"
        )
    return None if role in _OWN else (role, "\n".join(read))
