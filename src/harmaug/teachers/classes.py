"""Which of a classifier's outputs mean harm: by label name, never by position where names exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from harmaug.scoring import FloatArray, ScoreKind, harmful_classes


@dataclass(frozen=True)
class HarmRule:
    """The harmful outputs. `sigmoid`: each is a yes or no of its own, and the highest counts."""

    harmful: tuple[int, ...]
    sigmoid: bool

    @property
    def score_kind(self) -> ScoreKind:
        """What the score is called."""
        return "sigmoid maximum" if self.sigmoid else "two-way softmax"

    def log_odds(self, logits: torch.Tensor) -> FloatArray:
        """Turn logits (n, outputs) into log-odds of harm, shape (n,), float64.

        The log-odds of a sigmoid are its logit; those of a softmax are taken against the sum of
        the harmless classes.
        """
        wide = logits.double()
        harmful = wide[:, list(self.harmful)]
        if self.sigmoid:
            odds = harmful.amax(dim=1)
        else:
            rest = [index for index in range(wide.shape[1]) if index not in self.harmful]
            odds = torch.logsumexp(harmful, dim=1) - torch.logsumexp(wide[:, rest], dim=1)
        return np.asarray(odds.cpu().numpy(), dtype=np.float64)


def harm_rule(names: Mapping[int, str], problem: str | None, model: str) -> HarmRule:
    """Find the harmful outputs by their names (`harmaug.scoring.harmful_classes`).

    Raises:
        ModelError: when no name means harm, listing the names.
    """
    sigmoid = problem == "multi_label_classification" or len(names) == 1
    return HarmRule(harmful_classes(names, model, sigmoid=sigmoid), sigmoid)
