"""The OpenAI moderation API, spoken by a guard that knows one category.

`categories` and `category_scores` hold that one, `harmful`, and none of OpenAI's: the guard
cannot tell them apart, and a `false` for one of them would be a claim that it does not make.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from harmaug.errors import DataError
from harmaug.guard import Verdict
from harmaug.scoring import TextPair

CATEGORY = "harmful"


class TextPart(BaseModel):
    """Text of a multi-modal input."""

    type: Literal["text"]
    text: str


class ImageAddress(BaseModel):
    """Where an image is; it is not fetched."""

    url: str


class ImagePart(BaseModel):
    """An image of a multi-modal input: not judged, the guard reads text."""

    type: Literal["image_url"]
    image_url: ImageAddress


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    if not isinstance(value, list):
        return None
    return "texts" if any(isinstance(part, str) for part in value) else "parts"


Input = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[list[str], Tag("texts")]
    | Annotated[list[Part], Tag("parts")],
    Discriminator(
        _kind,
        custom_error_type="input_kind",
        custom_error_message="Input should be a string, a list of strings or a list of parts",
    ),
]


class ModerationRequest(BaseModel):
    """One text, several texts, or the parts of one multi-modal input."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"input": "How do I bake bread?"},
                {"input": ["one text", "another text"]},
                {"input": [{"type": "text", "text": "How do I bake bread?"}]},
            ]
        }
    )

    input: Input
    model: str | None = Field(None, description="Taken, and not used: the server has one guard.")

    def pairs(self) -> list[TextPair]:
        """Return the texts to judge: one for a string or for parts, one for each of a list.

        Raises:
            DataError: when there is no text.
        """
        if isinstance(self.input, str):
            return [(self.input, None)]
        texts = [part for part in self.input if isinstance(part, str)]
        if texts:
            return [(text, None) for text in texts]
        parts = [part.text for part in self.input if isinstance(part, TextPart)]
        if not parts:
            raise DataError("there is no text in the input, and this guard reads text only")
        return [("\n".join(parts), None)]


class ModerationResult(BaseModel):
    """One verdict; `in_scope` and `reasons` are ours, the rest is OpenAI's."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]
    in_scope: bool
    reasons: list[str]

    @classmethod
    def of(cls, verdict: Verdict) -> ModerationResult:
        """Turn a verdict into OpenAI's shape."""
        return cls(
            flagged=verdict.flagged,
            categories={CATEGORY: verdict.flagged},
            category_scores={CATEGORY: verdict.score},
            category_applied_input_types={CATEGORY: ["text"]},
            in_scope=verdict.in_scope,
            reasons=list(verdict.reasons),
        )


class ModerationResponse(BaseModel):
    """The verdicts, in the order of the input."""

    id: str = Field(default_factory=lambda: f"modr-{uuid4().hex}")
    model: str
    results: list[ModerationResult]
