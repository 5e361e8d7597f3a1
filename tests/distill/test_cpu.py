"""The CPU's shortcuts compute what plain torch and transformers compute."""

from __future__ import annotations

import pytest
import torch
from tests.distill.students import FAMILIES
from torch import Tensor
from transformers import PreTrainedModel

from harmaug.distill.cpu import FUSED_FROM, dropout, fast_on_cpu

VOCABULARY = 300


def loss_and_gradients(model: PreTrainedModel, tokens: int) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(0)
    ids = torch.randint(5, VOCABULARY, (3, tokens))
    mask = torch.ones_like(ids)
    ids[1, tokens // 2 :] = mask[1, tokens // 2 :] = 0
    model.zero_grad()
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    loss = (states * mask[..., None]).pow(2).mean()
    torch.autograd.backward(loss)
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return loss.detach(), found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tokens", [17, 40])
def test_gradients_are_those_of_the_plain_model(
    family: str, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harmaug.distill.cpu.FUSED_FROM", 30)
    torch.manual_seed(1)
    model = FAMILIES[family](VOCABULARY).eval()
    assert FUSED_FROM > 30
    loss, expected = loss_and_gradients(model, tokens)
    with fast_on_cpu(model):
        fast_loss, found = loss_and_gradients(model, tokens)
    again, _ = loss_and_gradients(model, tokens)
    assert torch.allclose(fast_loss, loss, rtol=1e-5)
    assert torch.equal(again, loss)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, atol=1e-5, rtol=1e-3), name


def test_a_table_of_embeddings_that_is_frozen_gets_no_gradient() -> None:
    model = FAMILIES["bert"](VOCABULARY).eval()
    model.get_input_embeddings().weight.requires_grad_(False)
    _, expected = loss_and_gradients(model, 17)
    with fast_on_cpu(model):
        _, found = loss_and_gradients(model, 17)
    assert found.keys() == expected.keys()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_the_share_asked_for_and_keeps_the_mean(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.ones(7, 30_011, dtype=dtype, requires_grad=True)
    y = dropout(x, 0.1)
    torch.autograd.backward(y.float().sum())
    assert (y == 0).float().mean().item() == pytest.approx(0.1, abs=2e-3)
    assert y.float().mean().item() == pytest.approx(1.0, abs=5e-3)
    assert x.grad is not None and torch.equal(x.grad, y.detach())
    columns = (y == 0).float().mean(1)
    assert columns.min() > 0.09 and columns.max() < 0.11


def test_dropout_is_seeded() -> None:
    x = torch.ones(50, 50)
    torch.manual_seed(7)
    first, second = dropout(x, 0.5), dropout(x, 0.5)
    torch.manual_seed(7)
    assert torch.equal(dropout(x, 0.5), first)
    assert not torch.equal(first, second)
