"""Set window, temperature and operating points on development data.

``python -m recipes.guard.calibrate --data DIR --model DIR`` writes the model's ``harmaug.json``
and prints its development figures. Every set weighs the same, whatever its size.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from harmaug.guard import Guard, GuardSettings
from harmaug.guard.tail import tail_scale
from harmaug.scoring import FloatArray, probability
from recipes.guard.development import DevelopmentSet, development_sets

log = logging.getLogger("recipes.guard")

STRICT_RECALL = 0.90
LENIENT_FPR = 0.05
FLAT = 0.005
"""F1 is flat around its best threshold: the highest one within this of the best gives up recall for
fewer harmless texts flagged, at nearly the same F1."""
GRID = np.round(np.concatenate([np.arange(0.01, 1.0, 0.01), [0.995, 0.999]]), 3)


@dataclass(frozen=True)
class Scored:
    """A development set with its raw log-odds, both shape (n,)."""

    name: str
    labels: NDArray[np.int64]
    log_odds: FloatArray

    @property
    def auprc(self) -> float:
        """Average precision."""
        return float(average_precision_score(self.labels, self.log_odds))


def score_sets(guard: Guard, sets: Sequence[DevelopmentSet]) -> list[Scored]:
    """Score every development set."""
    return [
        Scored(
            name=each.name,
            labels=np.array([row.label for row in each.rows], dtype=np.int64),
            log_odds=guard.log_odds([(row.prompt, row.response) for row in each.rows]),
        )
        for each in sets
    ]


def fit_temperature(scored: Sequence[Scored]) -> float:
    """The temperature of least mean negative log-likelihood, classes and sets weighed alike."""
    candidates = np.geomspace(0.2, 10.0, 200)
    losses = [np.mean([_loss(each, float(t)) for each in scored]) for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def _loss(scored: Scored, temperature: float) -> float:
    signed = np.where(scored.labels == 1, -1.0, 1.0) * scored.log_odds / temperature
    losses = np.logaddexp(0.0, signed)
    return float(np.mean([losses[scored.labels == kind].mean() for kind in (0, 1)]))


def operating_points(scored: Sequence[Scored], temperature: float) -> dict[str, float]:
    """Thresholds on the calibrated probability, by figures that are means over the sets.

    `balanced` is the highest threshold whose F1 is within `FLAT` of the best, `strict` the highest
    one with a recall of `STRICT_RECALL`, `lenient` the lowest with a false-positive rate of
    `LENIENT_FPR`.
    """
    recall, fpr, f1 = rates(scored, temperature)
    strict = GRID[recall >= STRICT_RECALL].max(initial=float(GRID[0]))
    lenient = GRID[fpr <= LENIENT_FPR].min(initial=float(GRID[-1]))
    balanced = float(GRID[f1 >= f1.max() - FLAT].max())
    return {
        "balanced": balanced,
        "strict": min(float(strict), balanced),
        "lenient": max(float(lenient), balanced),
    }


def rates(
    scored: Sequence[Scored], temperature: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean recall, false-positive rate and F1 over the sets at each threshold of `GRID`."""
    found = []
    for each in scored:
        flagged = probability(each.log_odds / temperature)[:, None] > GRID[None, :]
        harmful = each.labels == 1
        f1 = 2 * flagged[harmful].sum(axis=0) / (flagged.sum(axis=0) + harmful.sum())
        found.append((flagged[harmful].mean(axis=0), flagged[~harmful].mean(axis=0), f1))
    recall, fpr, f1 = np.mean(found, axis=0)
    return recall, fpr, f1


def calibrate(folder: Path, sets: Sequence[DevelopmentSet], window: int) -> GuardSettings:
    """Fit the settings of a model, write them beside it and log its figures.

    How windows combine is fitted first, since the scores of long inputs depend on it.
    """
    settings = GuardSettings(window=window)
    settings.save(folder)
    scored = score_sets(Guard.load(folder, precision="int8"), sets)
    harmless = np.concatenate([each.log_odds[each.labels == 0] for each in scored])
    tail = tail_scale(harmless)
    replace(settings, tail_scale=tail).save(folder)
    scored = score_sets(Guard.load(folder, precision="int8"), sets)
    temperature = fit_temperature(scored)
    settings = replace(
        settings,
        temperature=round(temperature, 4),
        thresholds=operating_points(scored, temperature),
        tail_scale=round(tail / temperature, 4),
    )
    settings.save(folder)
    for name, figures in development_figures(scored, settings).items():
        log.info("%-28s %s", name, json.dumps(figures))
    log.info("%s", settings)
    return settings


def development_figures(
    scored: Sequence[Scored], settings: GuardSettings
) -> dict[str, dict[str, float]]:
    """AUPRC, recall and false-positive rate of each set at the default threshold, and the means."""
    figures = {}
    for each in scored:
        flagged = probability(each.log_odds / settings.temperature) > settings.threshold
        figures[each.name] = {
            "auprc": round(each.auprc, 4),
            "recall": round(float(flagged[each.labels == 1].mean()), 3),
            "fpr": round(float(flagged[each.labels == 0].mean()), 3),
        }
    figures["mean"] = {
        key: round(float(np.mean([row[key] for row in figures.values()])), 4)
        for key in ("auprc", "recall", "fpr")
    }
    return figures


def main() -> None:
    """Calibrate one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--window", type=int, default=512)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    calibrate(arguments.model, list(development_sets(arguments.data)), arguments.window)


if __name__ == "__main__":
    main()
