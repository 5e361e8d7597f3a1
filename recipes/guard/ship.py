"""Put a trained and calibrated guard into the package: int8 weights, settings, tokenizer.

``python -m recipes.guard.ship --data DIR --model DIR`` refuses a model whose int8 AUPRC is
more than .005 below its float32 AUPRC on any development set.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from harmaug.errors import ModelError
from harmaug.guard import Guard
from recipes.guard.calibrate import score_sets
from recipes.guard.development import DevelopmentSet, development_sets

PACKAGE = Path("src/harmaug/assets/guard")
FILES = ("config.json", "harmaug.json", "onnx/model_quantized.onnx")
TOLERANCE = 0.005

log = logging.getLogger("recipes.guard")


def int8_differences(folder: Path, sets: Sequence[DevelopmentSet]) -> dict[str, float]:
    """AUPRC of int8 less that of float32 on each development set."""
    int8, fp32 = (score_sets(Guard.load(folder, precision=p), sets) for p in ("int8", "fp32"))
    return {a.name: a.auprc - b.auprc for a, b in zip(int8, fp32, strict=True)}


def main() -> None:
    """Check int8 against float32, then copy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--package", type=Path, default=PACKAGE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    differences = int8_differences(arguments.model, list(development_sets(arguments.data)))
    for name, difference in differences.items():
        log.info("%-28s int8 - fp32 %+.4f", name, difference)
    worst = min(differences.values())
    if worst < -TOLERANCE:
        raise ModelError(f"int8 is {-worst:.4f} AUPRC below float32: quantise better")
    (arguments.package / "onnx").mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(arguments.model / name, arguments.package / name)


if __name__ == "__main__":
    main()
