"""Distillation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from harmaug.config.model import Count, Fraction, Model


class DistillConfig(Model):
    """Equation 1 and how it is optimised (Section 4, "Implementation details").

    `steps` is how many optimisation steps there are, in place of `epochs`: arms with different
    numbers of rows then get the same. `temperature` 0 takes the teacher's hard label.
    `micro_batch_tokens` bounds what one forward pass holds; gradients are summed to `batch_size`,
    which is the batch of all processes together where several train (torchrun). `sharding: full`
    spreads weights, gradients and optimizer over them (FSDP), for students too large for one.
    A guard reads in windows of `max_length` tokens, which below 32 leave no room for context.
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
    max_length: Annotated[int, Field(ge=32)] = 1024
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
