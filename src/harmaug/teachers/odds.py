"""From a next token's logits to the log-odds of an unsafe answer."""

from __future__ import annotations

import numpy as np
import torch

from harmaug.scoring import FloatArray
from harmaug.teachers.reading import Answers


def answer_odds(logits: torch.Tensor, answers: Answers) -> FloatArray:
    """Return the log-odds of logits (n, vocabulary), shape (n,), in float64.

    NaN where the likeliest token begins neither answer.
    """
    wide = logits.double()
    unsafe = torch.logsumexp(wide[:, list(answers.unsafe)], dim=1)
    safe = torch.logsumexp(wide[:, list(answers.safe)], dim=1)
    known = torch.tensor([*answers.unsafe, *answers.safe], device=wide.device)
    readable = torch.isin(wide.argmax(dim=1), known)
    odds = torch.where(readable, unsafe - safe, torch.nan)
    return np.asarray(odds.cpu().numpy(), dtype=np.float64)
