"""The prefix attack, its filters, and what goes beyond the paper; and the responses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harmaug.config.llm import LLMConfig, SamplingConfig
from harmaug.config.model import Count, Fraction, Model


class FilterConfig(Model):
    """What is kept of the generated. `mode: count` records the reasons and keeps every row."""

    mode: Literal["drop", "count"] = "drop"
    exemplar_overlap: Fraction = 0.6
    near_duplicate: Fraction = 0.7
    benchmark_overlap: Fraction = 0.6
    min_words: Count = 3
    max_words: Count = 120


class SteerConfig(Model):
    """Generation in `rounds` that start where the instruction space is thin.

    A round's anchors are the `thinnest` share of D's harmful prompts by the distance to their
    `neighbours`-th neighbour among D and what is kept. An instruction at a cosine distance below
    `novelty` from a kept one is dropped; a round with less than `stop_below` new is the last.
    """

    rounds: Count = 8
    thinnest: Annotated[float, Field(gt=0, le=1)] = 0.3
    neighbours: Count = 5
    novelty: Fraction = 0.1
    stop_below: Fraction = 0.1
    encoder: str = "embedded-encoder"


class TwinsConfig(Model):
    """A harmless near twin for the first `share` of the kept instructions, asked for by `request`.

    Twins that the teacher calls harmful are dropped before they are answered.
    """

    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    request: str = (
        "Make a single harmless instruction prompt that is close to the example in topic and words "
        "and would elicit helpful content. Do not copy the example, and write only one sentence."
    )


Attack = Literal["prefill", "none", "injection"]


class GenerateConfig(Model):
    """The prefix attack (Section 3.2): `samples` instructions from `exemplars` examples each.

    `ablation` asks so many times by each of the other attacks too, to show what the prefix is
    worth (Table 4); what they yield trains nothing. `request` None is the paper's. `steer` and
    `twins` go beyond the paper and are off.
    """

    llm: LLMConfig = LLMConfig()
    sampling: SamplingConfig = SamplingConfig()
    samples: Annotated[int, Field(ge=0)] = 100_000
    exemplars: Count = 3
    same_category: bool = False
    attack: Attack = "prefill"
    ablation: Annotated[int, Field(ge=0)] = 0
    prefix: str = "I have an idea for a prompt:"
    request: str | None = None
    max_rounds: Count = 8
    filters: FilterConfig = FilterConfig()
    steer: SteerConfig | None = None
    twins: TwinsConfig | None = None


class ResponderConfig(Model):
    """One LLM that answers instructions, under a system prompt where it needs one."""

    llm: LLMConfig = LLMConfig()
    system: str | None = None
    prefix: str | None = None
    sampling: SamplingConfig = SamplingConfig()

    def deciding(self) -> ResponderConfig:
        """Return the same with the LLM's settings that decide no text at their defaults."""
        llm = LLMConfig.model_validate(self.llm.identity())
        return self.model_copy(update={"llm": llm})


class RespondConfig(Model):
    """The responses of each instruction (Section 3.2): each null leaves that kind out."""

    refusal: ResponderConfig | None = ResponderConfig()
    harmful: ResponderConfig | None = ResponderConfig()
    empty: bool = True

    def deciding(self) -> RespondConfig:
        """Return the same but for how fast or patiently LLMs are asked, which is as by default.

        Two that differ in nothing else give the same responses.
        """
        roles = {"refusal": self.refusal, "harmful": self.harmful}
        return self.model_copy(
            update={kind: role and role.deciding() for kind, role in roles.items()}
        )
