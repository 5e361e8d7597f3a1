"""The configuration of a study: arms and seeds over a base configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from harmaug.config.model import Count, Fraction, Model, Seed

Settings = dict[str, JsonValue]
"""Overrides of a run's configuration: `generate.samples: 1000`."""


class EDAConfig(Model):
    """Easy data augmentation (Wei and Zou 2019): `n_aug` variants of each row of D.

    `alpha` is the share of words that synonym replacement, insertion and swap touch, `delete`
    the chance of each word to be deleted. Synonyms are WordNet's or the nearest neighbours in an
    encoder's token embeddings; `auto` takes WordNet where nltk has it.
    """

    n_aug: Count = 4
    alpha: Fraction = 0.1
    delete: Fraction = 0.1
    synonyms: Literal["auto", "wordnet", "embeddings"] = "auto"
    encoder: str = "embedded-encoder"


class PromptsConfig(Model):
    """Prompts of a file in place of generated ones: as many as `generate.samples`.

    With `respond` they are answered as generated ones are, without they are judged alone.
    """

    file: str
    respond: bool = True


class ArmConfig(Model):
    """One arm: what stands beside D, and the settings in which it differs from the base.

    `x` is its place on the figure's axis and `line` the curve it is on.
    """

    method: Literal["plain", "harmaug", "eda", "prompts"] = "harmaug"
    set: Settings = Field(default_factory=dict)
    eda: EDAConfig = EDAConfig()
    prompts: PromptsConfig | None = None
    x: float | None = None
    line: str = "HarmAug"


class FigureConfig(Model):
    """The figure over arms: `x` None puts the student's parameters on the axis."""

    label: str
    logarithmic: bool = False
    parameters: bool = False


class ClaimConfig(Model):
    """A claim that is written down before the seeds are run: `first` ahead of each of `others`.

    It holds when the paired 95% interval of the mean difference over the benchmarks is above 0.
    """

    first: str
    others: tuple[str, ...]
    metric: Literal["auprc", "f1"] = "auprc"


class DiversityConfig(Model):
    """Measure the variety of what each arm puts beside D, by an encoder's embeddings.

    Maps are drawn for the first seed, with at most `dots` prompts on them.
    """

    encoder: str = "embedded-encoder"
    dots: Annotated[int, Field(ge=0)] = 1_000


class StudyConfig(Model):
    """A grid of arms and seeds over `base`, a preset or a YAML file.

    `set` holds for every arm. `compare` names the pairs of arms whose difference is reported
    (the claim's are always), `guards` those evaluated beside the arms. `cost` measures the
    students of the first seed and the guards on this machine.
    """

    name: str
    title: str
    base: str = "public"
    seeds: tuple[Seed, ...] = (1, 2, 3)
    set: Settings = Field(default_factory=dict)
    arms: Annotated[dict[str, ArmConfig], Field(min_length=1)]
    compare: tuple[tuple[str, str], ...] = ()
    guards: tuple[str, ...] = ()
    figure: FigureConfig | None = None
    claim: ClaimConfig | None = None
    diversity: DiversityConfig | None = None
    cost: bool = False
    resamples: Count = 1000
