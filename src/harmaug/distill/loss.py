"""Equation 1: what the student is pulled towards, row by row."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def teacher_probability(log_odds: float, score: float, temperature: float, tau: float) -> float:
    """Return the teacher's p(unsafe) at a temperature.

    The two teacher logits are divided by `temperature`, so p is the sigmoid of log_odds / T; the
    student's logits are not. Temperature 0 is the limit: the hard label score > tau, which the
    paper found best of {0, 0.1, 0.5, 1, 2}.
    """
    if temperature == 0.0:
        return float(score > tau)
    scaled = log_odds / temperature
    if scaled >= 0:
        return 1.0 / (1.0 + math.exp(-scaled))
    return math.exp(max(scaled, -700.0)) / (1.0 + math.exp(max(scaled, -700.0)))


def equation_1(logits: Tensor, teacher: Tensor, label: Tensor, lam: float) -> Tensor:
    """Loss of each row: (1 - lam) KL(teacher || student) + lam BCE(label), in nats.

    Equation 1 of the paper, with the minus sign that its BCE lacks in print. Both terms depend
    on the student through its log-odds alone, so no softmax over the two logits is taken.

    Args:
        logits: of the student, shape (n, 2), column 1 harmful.
        teacher: p(unsafe) of the teacher, shape (n,), already at its temperature.
        label: c, shape (n,), 0 or 1.
        lam: weight of the BCE term.

    Returns:
        Float32 losses, shape (n,).
    """
    log_odds = logits[:, 1].float() - logits[:, 0].float()
    entropy = torch.special.entr(teacher) + torch.special.entr(1.0 - teacher)
    target = (1.0 - lam) * teacher + lam * label
    losses: Tensor = functional.softplus(log_odds) - target * log_odds - (1.0 - lam) * entropy
    return losses
