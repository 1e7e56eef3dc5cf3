"""Muon against torch.optim.Muon and by definition; the schedule by its shape."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
import torch

from minimind.device import Device
from minimind.job import Budget, JobSpec, ModelRef
from minimind.plan import Data, Resolved, resolve
from minimind.presets import preset
from minimind.training.distributed import total_norm
from minimind.training.optimizer import Muon, learning_rate, orthogonalise

CPU = Device(
    kind="cpu",
    name="test",
    memory_bytes=8 << 30,
    free_bytes=8 << 30,
    bf16=False,
    flops=1e11,
    flops_float32=1e11,
)
DATA = Data(tokens=1_000_000, rows=2000, heldout_tokens=10_000)


def plan(**settings: object) -> Resolved:
    budget = Budget(**{k: settings.pop(k) for k in ("steps", "epochs", "minutes") if k in settings})
    job = JobSpec(
        run_id="r", method="pretrain", model=ModelRef(preset="tiny"), settings=settings, budget=budget
    )
    return resolve(job, preset("tiny").config, DATA, CPU)


def test_orthogonalise_brings_singular_values_near_one():
    generator = torch.Generator().manual_seed(0)
    update = torch.randn(3, 48, 96, generator=generator)
    values = torch.linalg.svdvals(orthogonalise(update))
    assert values.min() > 0.3
    assert values.max() < 1.3
    # the singular directions are kept: U Vᵀ has a large inner product with the result
    u, _, vh = torch.linalg.svd(update, full_matrices=False)
    cosine = ((u @ vh) * orthogonalise(update)).sum((-2, -1)) / (
        48**0.5 * orthogonalise(update).norm(dim=(-2, -1))
    )
    assert cosine.min() > 0.95


@pytest.mark.parametrize("shape", [(32, 80), (80, 32)])
def test_muon_moves_weights_like_torchs_own(shape: tuple[int, int]):
    generator = torch.Generator().manual_seed(1)
    ours = torch.nn.Parameter(torch.randn(*shape, generator=generator) * 0.02)
    theirs = torch.nn.Parameter(ours.detach().clone())
    muon = Muon([ours], lr=0.02, weight_decay=0.1, dtype=torch.bfloat16)
    reference = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(5):
        gradient = torch.randn(*shape, generator=generator)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        muon.step()
        reference.step()
    moved = (theirs - ours).norm() / theirs.norm()
    assert moved < 0.02  # both iterate in bf16, which has three digits


def test_warm_up_plateau_and_decay():
    resolved = plan(steps=100, warmup_steps=10, decay=0.4, lr=1e-3)
    rates = [learning_rate(step, resolved) for step in range(1, 101)]
    assert rates[0] == pytest.approx(1e-4)
    assert rates[9:60] == pytest.approx([1e-3] * 51)
    assert all(a > b for a, b in itertools.pairwise(rates[60:]))
    assert 0 < rates[-1] < 1e-4


def test_an_undecided_end_stays_on_the_plateau():
    resolved = plan(minutes=3.0, lr=1e-3)
    assert resolved.total_steps is None
    assert learning_rate(100_000, resolved) == 1e-3


def test_upstream_recipe_is_a_cosine_to_a_tenth():
    resolved = plan(steps=100, recipe="upstream")
    assert (resolved.optimizer, resolved.rows_per_step, resolved.warmup_steps) == ("adamw", 256, 0)
    assert learning_rate(1, resolved) == pytest.approx(resolved.lr)
    assert learning_rate(101, resolved) == pytest.approx(resolved.lr * 0.1)


def test_resolved_survives_json():
    resolved = plan(steps=10)
    assert Resolved.from_dict(resolved.to_dict()) == resolved
    assert Resolved.from_dict({**resolved.to_dict(), "of_a_newer_program": 1}) == resolved
    assert dataclasses.replace(resolved, lr=1.0) != resolved


def test_the_length_of_a_large_gradient_is_exact():
    generator = torch.Generator().manual_seed(1)
    large = torch.randn(6400, 768, generator=generator) * torch.rand(6400, 1, generator=generator) ** 4
    gradients = [large, torch.randn(768, generator=generator), torch.tensor(0.5)]
    exact = math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
    assert float(total_norm(gradients)) == pytest.approx(exact, rel=1e-6)
