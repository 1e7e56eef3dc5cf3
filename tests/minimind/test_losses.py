"""The chunked loss against PyTorch's own, value and gradients."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from minimind.losses import linear_cross_entropy, token_log_probs

N, D, V = 37, 16, 53


def case(labelled: int = 25, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(N, D, generator=generator).requires_grad_()
    weight = torch.randn(V, D, generator=generator).requires_grad_()
    labels = torch.randint(0, V, (N,), generator=generator)
    labels[torch.randperm(N, generator=generator)[labelled:]] = -100
    return hidden, weight, labels, torch.rand(N, generator=generator) * 3


def reference(hidden, weight, labels, weights=None):
    losses = F.cross_entropy((hidden @ weight.T).float(), labels, ignore_index=-100, reduction="none")
    return (losses if weights is None else losses * weights).sum()


@pytest.mark.parametrize("chunk", [1, 7, 24, 25, 26, 1024])
@pytest.mark.parametrize("weighted", [False, True])
def test_value_and_gradients(chunk, weighted):
    hidden, weight, labels, weights = case()
    weights = weights if weighted else None
    total, count = linear_cross_entropy(hidden, weight, labels, weights, chunk=chunk)
    ours = torch.autograd.grad(total * 0.3, (hidden, weight))
    wanted = reference(hidden, weight, labels, weights)
    theirs = torch.autograd.grad(wanted * 0.3, (hidden, weight))
    assert count == 25
    assert float(total.detach()) == pytest.approx(float(wanted.detach()), rel=1e-6)
    for one, two in zip(ours, theirs, strict=True):
        assert torch.allclose(one, two, rtol=1e-5, atol=1e-6)


def test_known_slots_need_not_be_looked_for():
    hidden, weight, labels, _ = case()
    known = (labels != -100).nonzero().squeeze(1)
    one, _ = linear_cross_entropy(hidden, weight, labels, labelled_L=known)
    two, _ = linear_cross_entropy(hidden, weight, labels)
    assert torch.equal(one, two)


def test_no_label_at_all():
    hidden, weight, labels, weights = case(labelled=0)
    total, count = linear_cross_entropy(hidden, weight, labels, weights)
    total.backward()
    assert (count, float(total.detach())) == (0, 0.0)
    assert hidden.grad.abs().max() == 0
    assert weight.grad.abs().max() == 0


def test_unlabelled_slots_get_no_gradient():
    hidden, weight, labels, _ = case()
    total, _ = linear_cross_entropy(hidden, weight, labels)
    total.backward()
    assert hidden.grad[labels == -100].abs().max() == 0
    assert hidden.grad[labels != -100].abs().sum(1).min() > 0


def test_a_frozen_head_or_no_gradient_at_all():
    hidden, weight, labels, _ = case()
    total, _ = linear_cross_entropy(hidden, weight.detach(), labels)
    total.backward()
    assert hidden.grad is not None
    with torch.no_grad():
        quiet, _ = linear_cross_entropy(hidden, weight, labels)
    assert torch.equal(quiet, total.detach())
    assert not quiet.requires_grad


def test_evaluation_takes_no_gradient(monkeypatch):
    hidden, weight, labels, _ = case()
    products = []
    plain = torch.Tensor.__matmul__
    monkeypatch.setattr(torch.Tensor, "__matmul__", lambda a, b: products.append(1) or plain(a, b))
    with torch.no_grad():
        linear_cross_entropy(hidden, weight, labels, chunk=100)
    assert len(products) == 1
    linear_cross_entropy(hidden, weight, labels, chunk=100)
    assert len(products) == 4


def test_bf16_autocast_is_near():
    hidden, weight, labels, weights = case()
    exact = reference(hidden, weight, labels, weights)
    wanted = torch.autograd.grad(exact, (hidden, weight))
    with torch.autocast("cpu", torch.bfloat16):
        total, _ = linear_cross_entropy(hidden, weight, labels, weights, chunk=10)
    assert total.dtype == torch.float32
    got = torch.autograd.grad(total, (hidden, weight))
    assert float(total.detach()) == pytest.approx(float(exact.detach()), rel=1e-2)
    for one, two in zip(got, wanted, strict=True):
        assert one.dtype == torch.float32
        assert (one - two).norm() / two.norm() < 0.02


def test_huge_logits_stay_finite():
    hidden, weight, labels, _ = case()
    total, _ = linear_cross_entropy(hidden * 1e4, weight, labels)
    assert total.isfinite()
    assert torch.autograd.grad(total, hidden)[0].isfinite().all()


def test_log_probs():
    hidden, weight, labels, _ = case()
    got = token_log_probs(hidden, weight, labels, chunk=10)
    wanted = -F.cross_entropy(hidden @ weight.T, labels, ignore_index=-100, reduction="none")
    assert torch.allclose(got, wanted, atol=1e-5)
    factors = torch.arange(N).float()
    ours = torch.autograd.grad((got * factors).sum(), (hidden, weight))
    theirs = torch.autograd.grad((wanted * factors).sum(), (hidden, weight))
    for one, two in zip(ours, theirs, strict=True):
        assert torch.allclose(one, two, rtol=1e-4, atol=1e-4)


def test_a_chunk_of_nothing_is_refused():
    hidden, weight, labels, _ = case()
    with pytest.raises(ValueError, match="chunk"):
        linear_cross_entropy(hidden, weight, labels, chunk=0)
