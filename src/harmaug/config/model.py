"""What every part of a configuration is: a model whose keys and values are checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""What every generator of random numbers on the way takes."""


class Model(BaseModel):
    """Base of every part: unknown keys are errors and values do not change after loading.

    Numbers are finite: `.inf` epochs do not end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
