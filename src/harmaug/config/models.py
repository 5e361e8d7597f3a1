"""The configuration of a run: one model per stage, every key checked, nothing free-form.

Defaults are the paper's settings where the paper prints them (Section 4, Appendix A); where it
is silent the choice made here is recorded in the run like any other key.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]


class Model(BaseModel):
    """Base of every part: unknown keys are errors and values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SamplingConfig(Model):
    """How an LLM draws text. The paper does not print these."""

    temperature: Annotated[float, Field(ge=0.0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Field(ge=0)] = 0
    max_new_tokens: Count = 128


class LLMConfig(Model):
    """A model that writes text.

    `model` is a folder, a hub id, or the name a server knows; `embedded` needs none. `prefill`
    says how a server continues a started answer: `chat` by continue_final_message, `prefix` by
    the `prefix: true` field, `completions` by a template rendered here, `auto` probes once.
    `memory_share` is what a vLLM engine takes of its GPU's memory.
    """

    backend: Literal["embedded", "transformers", "vllm", "openai"] = "embedded"
    model: str | None = None
    revision: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    batch_size: Count = 64
    memory_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    prefill: Literal["auto", "chat", "prefix", "completions"] = "auto"
    tokenizer: str | None = None
    concurrency: Count = 32
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    retries: Annotated[int, Field(ge=0)] = 5

    def identity(self) -> dict[str, object]:
        """Return what decides the text: how fast or patiently it is asked for does not."""
        how = {"batch_size", "memory_share", "concurrency", "timeout_s", "retries", "api_key_env"}
        return self.model_dump(mode="json", exclude=how)


class DataConfig(Model):
    """The labelled data D: names or files. Only rows with a label train."""

    train: tuple[str, ...] = ("wildguardmix",)
    max_rows: Count | None = None
    unlabelled_agreement: Literal["drop", "harmless"] = "drop"


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

    Twins that the teacher calls harmful do not train.
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


class RespondConfig(Model):
    """The responses of each instruction (Section 3.2): each null leaves that kind out."""

    refusal: ResponderConfig | None = ResponderConfig()
    harmful: ResponderConfig | None = ResponderConfig()
    empty: bool = True


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
    and a student of D alone, or by novelty: far from D and from each other.
    """

    instructions: Annotated[int, Field(ge=0)] | None = None
    by: Literal["confidence", "disagreement", "novelty"] | None = None
    kinds: tuple[Literal["refusal", "harmful", "empty"], ...] = ("refusal", "harmful", "empty")
    encoder: str = "embedded-encoder"


class DistillConfig(Model):
    """Equation 1 and how it is optimised (Section 4, "Implementation details").

    `steps` is how many optimisation steps there are, in place of `epochs`: arms with different
    numbers of rows then get the same. `temperature` 0 takes the teacher's hard label.
    `micro_batch_tokens` bounds what one forward pass holds; gradients are summed to `batch_size`,
    which is the batch of all processes together where several train (torchrun). `sharding: full`
    spreads weights, gradients and optimizer over them (FSDP), for students too large for one.
    `layers` keeps that many of the student's layers, evenly spaced: a smaller one to compare.
    """

    student: str = "microsoft/deberta-v3-large"
    revision: str | None = None
    layers: Count | None = None
    epochs: Annotated[float, Field(gt=0)] = 3.0
    steps: Count | None = None
    batch_size: Count = 256
    micro_batch_tokens: Count = 16_384
    learning_rate: Annotated[float, Field(gt=0)] = 3e-5
    weight_decay: Annotated[float, Field(ge=0)] = 0.1
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    max_length: Annotated[int, Field(ge=16)] = 1024
    lam: Fraction = Field(default=0.5, alias="lambda")
    temperature: Annotated[float, Field(ge=0)] = 0.0
    balance_classes: bool = False
    validation_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.1
    validations: Count = 4
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    sharding: Literal["full"] | None = None
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 10.0
    quantise: bool = True

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def identity(self) -> dict[str, object]:
        """Return what decides the student: how often it is saved on the way does not."""
        how = {"checkpoint_minutes"}
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=how)


class BenchmarkConfig(Model):
    """One benchmark: a name or a file."""

    name: str
    max_rows: Count | None = None


class EvaluateConfig(Model):
    """Which benchmarks, which operating point, how many bootstrap resamples."""

    benchmarks: tuple[BenchmarkConfig, ...] = ()
    threshold: Fraction = 0.5
    bootstrap: Count = 1000
    cost: bool = True


class ExecutorConfig(Model):
    """Where stages run. It changes nothing of the rows and is no part of any fingerprint.

    `ray` is the cluster that RAY_ADDRESS names, or one started on this machine; each of its
    workers is given `gpus_per_worker` GPUs.
    """

    kind: Literal["local", "ray"] = "local"
    workers: Count = 1
    gpus_per_worker: Annotated[float, Field(ge=0.0)] = 0.0


class RunConfig(Model):
    """A whole run.

    `baseline` also trains plain distillation (no synthetic rows) to compare. `part_rows` is how
    many rows each part of the run folder holds: what a killed run computes again at most. Not set,
    it is 512, or 4,096 where a server answers.
    """

    name: str = "run"
    seed: int = 42
    baseline: bool = True
    part_rows: Count | None = None
    data: DataConfig = DataConfig()
    generate: GenerateConfig = GenerateConfig()
    respond: RespondConfig = RespondConfig()
    label: LabelConfig = LabelConfig()
    select: SelectConfig = SelectConfig()
    distill: DistillConfig = DistillConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    executor: ExecutorConfig = ExecutorConfig()
