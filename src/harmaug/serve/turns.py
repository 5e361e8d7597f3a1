"""The `messages` of chat APIs, as they are sent to be judged."""

from __future__ import annotations

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
