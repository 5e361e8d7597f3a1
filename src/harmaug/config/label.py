"""Teachers, what their scores count for, and which rows train."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harmaug.config.model import Count, Fraction, Model


class TeacherConfig(Model):
    """A guard that scores pairs. `family: auto` is picked by the model's own configuration.

    `engine: openai` reads a causal guard through the server at `base_url`, which knows it as
    `model`; `tokenizer` is the folder or hub id of its tokenizer and chat template where that is
    another name. `members` make it an ensemble: their `mean` by weight, or their `maximum`.
    """

    family: str = "auto"
    model: str = "embedded"
    revision: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    batch_size: Count = 64
    max_length: Count | None = None
    engine: Literal["transformers", "openai"] = "transformers"
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    tokenizer: str | None = None
    concurrency: Count = 32
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    retries: Annotated[int, Field(ge=0)] = 5
    members: tuple[MemberConfig, ...] = ()
    combine: Literal["mean", "maximum"] = "mean"

    @model_validator(mode="after")
    def _members_are_read(self) -> Self:
        if self.members and self.family not in {"auto", "ensemble"}:
            raise ValueError(
                f"family '{self.family}' is one guard and has no members: set family to ensemble, "
                "or leave members out"
            )
        return self

    def identity(self) -> dict[str, object]:
        """Return what decides the scores: how fast or patiently they are asked for does not."""
        always = {"family", "model", "revision", "dtype", "max_length"}
        set_only = {"engine", "base_url", "tokenizer", "combine", "weight"}
        members = [member.identity() for member in self.members]
        return {
            **self.model_dump(mode="json", include=always),
            **self.model_dump(mode="json", include=set_only, exclude_defaults=True),
            **({"members": members} if members else {}),
        }


class MemberConfig(TeacherConfig):
    """A teacher in an ensemble."""

    weight: Annotated[float, Field(gt=0)] = 1.0


class LabelConfig(Model):
    """Teacher labels: c = 1 where p(unsafe) > tau (Section 3.1)."""

    teacher: TeacherConfig = TeacherConfig()
    tau: Fraction = 0.5


class SelectConfig(Model):
    """Which of the labelled synthetic rows train: a change here generates nothing anew.

    At most `instructions` of them (None: all), with the `kinds` of response named here. They are
    taken in the order drawn, or `by` the teacher's confidence, by the disagreement of the teacher
    and a student of D alone, or by novelty: far from D and from each other. A near twin is not
    counted: it stays where its original stays.
    """

    instructions: Annotated[int, Field(ge=0)] | None = None
    by: Literal["confidence", "disagreement", "novelty"] | None = None
    kinds: tuple[Literal["refusal", "harmful", "empty"], ...] = ("refusal", "harmful", "empty")
    encoder: str = "embedded-encoder"
