"""The `messages` of chat APIs, as they are sent to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    model_validator,
)

from harmaug.errors import DataError
from harmaug.text import Message


def _only_text(kind: object) -> object:
    if kind != "text":
        raise ValueError("only text is judged: leave out the parts that are not of type 'text'")
    return kind


class ContentPart(BaseModel):
    """A part of a turn's content; only text is judged."""

    type: Annotated[Literal["text"], BeforeValidator(_only_text)]
    text: str


def _kind(value: object) -> str | None:
    kinds = {str: "text", list: "parts", type(None): "none"}
    return kinds.get(type(value))


Content = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[list[ContentPart], Tag("parts")]
    | Annotated[None, Tag("none")],
    Discriminator(
        _kind,
        custom_error_type="content_kind",
        custom_error_message="Input should be a string, a list of text parts, or null beside "
        "tool_calls",
    ),
]


class Turn(BaseModel):
    """One turn of a conversation. Fields beside these, such as `name`, are taken and not read."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content = Field(None, description="Text parts are joined by line breaks.")
    tool_calls: list[JsonValue] | None = Field(None, description="Not judged.")

    @model_validator(mode="after")
    def _has_text(self) -> Self:
        if self.content is None and not (self.role == "assistant" and self.tool_calls):
            raise ValueError("only the content of an assistant turn with tool_calls may be null")
        return self

    def text(self) -> str | None:
        """Return the turn's text; None where it only calls tools."""
        if self.content is None or isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content)


def messages(turns: Sequence[Turn]) -> list[Message]:
    """Return the turns that are read, as the roles that a conversation knows.

    System and developer turns are the application's own and are left out. The result of a tool
    is context, told apart from what is judged: it stands as a user's turn, and one that no answer
    follows yet is left out with what asked for it, so that the last user turn is judged.

    Raises:
        DataError: without a user turn.
    """
    read = [turn for turn in turns if turn.role not in {"system", "developer"}]
    if not any(turn.role == "user" for turn in read):
        raise DataError("a conversation needs at least one user turn before the answer to judge")
    if read[-1].role == "tool":
        last = max(place for place, turn in enumerate(read) if turn.role == "user")
        read = read[: last + 1]
    texts = [(turn, turn.text()) for turn in read]
    return [
        Message(role="assistant" if turn.role == "assistant" else "user", content=text)
        for turn, text in texts
        if text is not None
    ]
