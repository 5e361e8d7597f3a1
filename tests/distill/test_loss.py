"""Equation 1 against the formula written out."""

from __future__ import annotations

import math

import pytest
import torch

from harmaug.distill.examples import targets
from harmaug.distill.loss import equation_1, teacher_probability
from harmaug.rows import ScoredPair


def by_hand(z0: float, z1: float, p: float, c: float, lam: float) -> float:
    """(1 - lam) KL(p || q) + lam BCE(c, q) with q the student's softmax over two logits."""
    q = math.exp(z1) / (math.exp(z0) + math.exp(z1))
    kl = sum(a * math.log(a / b) for a, b in ((p, q), (1 - p, 1 - q)) if a > 0)
    return (1 - lam) * kl - lam * (c * math.log(q) + (1 - c) * math.log(1 - q))


@pytest.mark.parametrize("lam", [0.0, 0.3, 0.5, 1.0])
def test_equation_1_is_the_formula(lam: float) -> None:
    cases = [(0.2, -1.3, 0.7, 1.0), (-0.4, 2.0, 0.05, 0.0), (1.0, 1.0, 1.0, 0.0), (0, 3, 0.0, 1)]
    logits = torch.tensor([[z0, z1] for z0, z1, _, _ in cases])
    teacher, label = torch.tensor([c[2] for c in cases]), torch.tensor([float(c[3]) for c in cases])
    expected = torch.tensor([by_hand(*case, lam) for case in cases])
    assert torch.allclose(equation_1(logits, teacher, label, lam), expected, atol=1e-6)


def test_the_loss_is_finite_for_certain_teachers_and_students() -> None:
    logits = torch.tensor([[-400.0, 400.0], [400.0, -400.0]], requires_grad=True)
    loss = equation_1(logits, torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]), 0.5)
    loss.sum().backward()
    assert torch.allclose(loss, torch.tensor([800.0, 800.0]))
    assert logits.grad is not None and torch.isfinite(logits.grad).all()


def test_teacher_temperature() -> None:
    assert teacher_probability(3.0, 0.95, temperature=0.0, tau=0.5) == 1.0
    assert teacher_probability(3.0, 0.95, temperature=0.0, tau=0.96) == 0.0
    assert teacher_probability(3.0, 0.95, temperature=1.0, tau=0.5) == pytest.approx(
        0.95257, abs=1e-5
    )
    assert teacher_probability(-3.0, 0.05, temperature=2.0, tau=0.5) == pytest.approx(
        0.18243, abs=1e-5
    )
    assert teacher_probability(-5000.0, 0.0, temperature=0.1, tau=0.5) < 1e-100
    assert teacher_probability(5000.0, 1.0, temperature=0.1, tau=0.5) == 1.0


def row(label: int | None, score: float | None, log_odds: float | None) -> ScoredPair:
    return ScoredPair("id", "prompt", None, "labelled", label, None, "test", score, log_odds)


def test_targets_of_rows() -> None:
    # The human label is c where there is one, the teacher's hard label elsewhere.
    assert targets(row(0, 0.9, 2.0), temperature=0.0, tau=0.5) == (1.0, 0.0)
    assert targets(row(None, 0.9, 2.0), temperature=0.0, tau=0.5) == (1.0, 1.0)
    assert targets(row(None, 0.5, 0.0), temperature=0.0, tau=0.5) == (0.0, 0.0)
    # Without an answer of the teacher the label alone counts; without both there is nothing.
    assert targets(row(1, None, None), temperature=0.0, tau=0.5) == (1.0, 1.0)
    assert targets(row(None, None, None), temperature=0.0, tau=0.5) is None
    # Files that store a probability alone have their log-odds recovered.
    soft = targets(row(None, 0.25, None), temperature=1.0, tau=0.5)
    assert soft is not None and soft[0] == pytest.approx(0.25)
