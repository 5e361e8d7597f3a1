"""What `harmaug export` can be asked for; importing it is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """Where a guard goes."""

    ONNX = "onnx"
    INT8 = "int8"
    WEB = "web"
    EXECUTORCH = "executorch"


class Precision(StrEnum):
    """The weights of the `web` target."""

    INT8 = "int8"
    FP32 = "fp32"


@dataclass(frozen=True)
class Validation:
    """Labelled rows (a data set's name or file), and how much AUPRC may fall on them in int8."""

    rows: str
    max_drop: float
