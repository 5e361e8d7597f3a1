"""What goes in and comes out of `/v1/check` and `/v1/guard`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harmaug.errors import DataError
from harmaug.guard import Verdict
from harmaug.scoring import TextPair
from harmaug.serve.turns import Turn
from harmaug.text import Exchange, conversation

_STRICT = ConfigDict(extra="forbid")


class Item(BaseModel):
    """A prompt, a prompt with its response, or a conversation."""

    model_config = _STRICT

    prompt: str | None = Field(None, description="What the user wrote.")
    response: str | None = Field(
        None, description="The answer to judge; without it the prompt is judged."
    )
    messages: list[Turn] | None = Field(
        None,
        description="A conversation instead of a prompt: the last assistant turn is judged where "
        "it ends the conversation, else the last user turn. System and developer turns are not "
        "judged, and what a tool returned is context.",
    )

    def pair(self) -> Exchange:
        """Return what is judged.

        Raises:
            DataError: for both a prompt and messages, for neither, or for turns that make no pair.
        """
        if (self.prompt is None) == (self.messages is None):
            raise DataError("give either a prompt (and its response) or messages")
        if self.messages is None:
            return Exchange(self.prompt or "", self.response)
        if self.response is not None:
            raise DataError("a conversation holds its response: make it the last message")
        return conversation([turn.model_dump() for turn in self.messages])


class CheckRequest(Item):
    """One item, or many under `items`, and how they are judged."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"prompt": "How do I bake bread?"},
                {"prompt": "Who are you?", "response": "A helper.", "operating_point": "strict"},
                {
                    "messages": [
                        {"role": "user", "content": "Hello!"},
                        {"role": "assistant", "content": "Hello, how can I help?"},
                    ],
                    "explain": True,
                },
                {
                    "messages": [
                        {"role": "developer", "content": "Be brief."},
                        {"role": "user", "content": [{"type": "text", "text": "How warm is it?"}]},
                        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
                        {"role": "tool", "content": "21 degrees", "tool_call_id": "1"},
                        {"role": "assistant", "content": "It is 21 degrees."},
                    ]
                },
                {"items": [{"prompt": "one"}, {"prompt": "two", "response": "an answer"}]},
            ]
        },
    )

    items: list[Item] | None = Field(None, min_length=1, description="Many items in one request.")
    threshold: float | None = Field(
        None, ge=0, le=1, description="Flag from this p(unsafe) on, instead of the guard's own."
    )
    operating_point: str | None = Field(
        None, max_length=200, description="A named threshold of the guard, for example `strict`."
    )
    explain: bool = Field(
        False, description="Name the spans that carry each verdict, in at most 32 more runs."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.threshold is not None and self.operating_point is not None:
            raise ValueError("give either a threshold or an operating point")
        single = (self.prompt, self.response, self.messages)
        if self.items is not None and any(part is not None for part in single):
            raise ValueError("give either items or one prompt or conversation")
        return self


class Span(BaseModel):
    """Characters `start` to `end` (Unicode code points) of the prompt or the response."""

    text: Literal["prompt", "response"]
    start: int
    end: int


class Evidence(BaseModel):
    """A span that carries the verdict: without it the log-odds fall by `drop`."""

    span: Span
    words: str
    drop: float
    kind: Literal["sentence", "word"]


class Pair(BaseModel):
    """What was judged of a conversation; spans count in these texts."""

    prompt: str
    response: str | None


class CheckResult(BaseModel):
    """The verdict on one item.

    `score` is p(unsafe). `windows` is how many windows the item was read in, `window` the one
    with the highest score (null: it was read at once). Where `in_scope` is false, for the
    `reasons` given, the guard was not trained for such text and a low score says nothing.
    """

    flagged: bool
    score: float
    threshold: float
    log_odds: float
    in_scope: bool
    reasons: list[str]
    windows: int
    window: Span | None
    evidence: list[Evidence]
    judged: Pair | None = Field(description="For a conversation: the pair that was judged.")

    @classmethod
    def of(cls, verdict: Verdict, judged: TextPair | None) -> CheckResult:
        """Turn a verdict into an answer."""
        place = verdict.window
        return cls(
            flagged=verdict.flagged,
            score=verdict.score,
            threshold=verdict.threshold,
            log_odds=verdict.log_odds,
            in_scope=verdict.in_scope,
            reasons=list(verdict.reasons),
            windows=verdict.windows,
            window=None
            if place is None
            else Span(text=place.text, start=place.start, end=place.end),
            evidence=[
                Evidence(
                    span=Span(text=each.span.text, start=each.span.start, end=each.span.end),
                    words=each.words,
                    drop=each.drop,
                    kind=each.kind,
                )
                for each in verdict.evidence
            ],
            judged=None if judged is None else Pair(prompt=judged[0], response=judged[1]),
        )


class CheckResponse(BaseModel):
    """The verdicts, in the order of the items."""

    model: str
    results: list[CheckResult]
    latency_ms: float = Field(description="Time in the server, waiting included.")


class Limits(BaseModel):
    """What one request may hold, and the time it has."""

    items: int
    characters: int
    body_bytes: int
    deadline_s: float


class GuardResponse(BaseModel):
    """Which guard answers, its thresholds and the server's limits."""

    model: str
    revision: str
    runtime: str
    window_tokens: int
    thresholds: dict[str, float]
    default: str
    limits: Limits
