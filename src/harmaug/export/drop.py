"""What int8 costs on labelled rows, and whether that is too much."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from harmaug.errors import DataError, ModelError, require
from harmaug.export.models import write_float32
from harmaug.export.source import FLOAT32, Source
from harmaug.guard import Guard
from harmaug.rows import LabelledRow


@dataclass(frozen=True)
class Drop:
    """AUPRC in float32 and in int8 on the same `rows` rows."""

    float32: float
    int8: float
    rows: int

    def is_within(self, bound: float) -> bool:
        """Whether it fell by no more than `bound`; an AUPRC that is not a number did not hold."""
        return self.float32 - self.int8 <= bound

    def __str__(self) -> str:
        """Both figures on one line."""
        return (
            f"AUPRC {self.int8:.4f} in int8, {self.float32:.4f} in float32 "
            f"({self.int8 - self.float32:+.4f}) on {self.rows:,} rows"
        )


def check_drop(source: Source, folder: Path, rows: str, bound: float) -> Drop:
    """Measure the int8 guard in `folder` against the float32 weights that it comes from.

    Args:
        source: what was exported; it needs float32 weights.
        folder: the guard folder with the int8 model.
        rows: a data set's name or file, with rows of both labels.
        bound: the most that AUPRC may fall.

    Raises:
        ModelError: with the figures, when it falls by more.
        DataError: when the rows cannot be had, or are all of one label.
    """
    require("train", "validating int8", "pydantic")
    from harmaug.sources.load import load_rows

    labelled = [row for row in load_rows(rows, "eval") if row.label is not None]
    if {row.label for row in labelled} != {0, 1}:
        raise DataError(f"{rows}: validation needs rows with label 0 and rows with label 1")
    with tempfile.TemporaryDirectory() as temporary:
        exact = Path(temporary)
        source.copy_texts(exact)
        write_float32(source, exact / FLOAT32)
        float32 = _auprc(Guard.load(exact, precision="fp32"), labelled)
    drop = Drop(float32, _auprc(Guard.load(folder, precision="int8"), labelled), len(labelled))
    if not drop.is_within(bound):
        raise ModelError(
            f"{source.name}: {drop}, more than {bound:g} lower; nothing was written: export "
            "float32 (--target onnx, or web with --precision fp32) or allow more (--max-drop)"
        )
    return drop


def _auprc(guard: Guard, rows: list[LabelledRow]) -> float:
    from harmaug.evaluate.metrics import measure
    from harmaug.evaluate.predictions import Predictions, predict

    found = Predictions.of(predict(guard, rows))
    return measure(found, guard.threshold, resamples=1, seed=0).auprc.value
