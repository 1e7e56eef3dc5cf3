"""The arithmetic of costs: against hand computation, and against what autograd really keeps."""

from __future__ import annotations

import dataclasses
import random

import pytest
import torch

from minimind.data.batch import Batch
from minimind.estimate import (
    MEMORY_PARTS,
    checkpoint_bytes,
    cost_cny,
    duration,
    energy_kwh,
    flops_per_token,
    optimizer_bytes,
    parameters,
    run_disk_bytes,
    seconds,
    training_memory,
    utilisation,
)
from minimind.model.transformer import Transformer
from minimind.presets import PRESETS

SMALL = PRESETS["minimind2-small"].config


def test_flops_of_the_small_model():
    matrices = 8 * (512 * 512 * 2 + 512 * 128 * 2 + 3 * 512 * 1408) + 6400 * 512
    assert flops_per_token(SMALL, mean_context=0) == 6 * matrices
    # 4.4 MFLOP for the attention over documents with a mean context of 91 tokens
    assert flops_per_token(SMALL, mean_context=91) - 6 * matrices == pytest.approx(4.4e6, rel=0.02)
    assert flops_per_token(SMALL, training=False) * 3 == flops_per_token(SMALL)


def test_experts_cost_what_is_active():
    moe = PRESETS["minimind2-moe"].config
    idle = dataclasses.replace(moe, num_experts=8)
    assert flops_per_token(idle) - flops_per_token(moe) == 6 * 8 * 4 * 640
    assert parameters(idle)[0] > parameters(moe)[0] * 1.5


def test_an_untied_head_counts_once_more():
    untied = dataclasses.replace(SMALL, tie_embeddings=False)
    assert parameters(untied)[0] - parameters(SMALL)[0] == 6400 * 512
    assert flops_per_token(untied) == flops_per_token(SMALL)


def memory(name: str, **changes: object) -> dict[str, int]:
    arguments = {"micro_batch": 8, "seq_len": 512, "precision": "bf16", "optimizer": "adamw", "device": "cpu"}
    return training_memory(PRESETS[name].config, **arguments | changes)


# the trainer's own peak (VmHWM), Muon, eager, bf16, 8 × 512 (tiny: 16 × 256), in MB
@pytest.mark.parametrize(
    ("name", "rows", "seq_len", "measured"),
    [("tiny", 16, 256, 769), ("mini", 8, 512, 1265), ("minimind2-small", 8, 512, 2300)],
)
def test_memory_near_what_was_measured(name, rows, seq_len, measured):
    parts = memory(name, micro_batch=rows, seq_len=seq_len, optimizer="muon")
    assert tuple(parts) == MEMORY_PARTS
    assert sum(parts.values()) / 1e6 == pytest.approx(measured, rel=0.15)


@pytest.mark.parametrize("name", ["tiny", "mini", "minimind2-small"])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_activations_cover_what_autograd_keeps(name, precision):
    config = dataclasses.replace(PRESETS[name].config, num_layers=2)
    model = Transformer(config).initialise(0).train()
    rng = random.Random(1)

    def kept(rows: int) -> int:
        sizes: dict[int, int] = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        laid = [[[rng.randrange(6400) for _ in range(128)] for _ in range(4)] for _ in range(rows)]
        batch = Batch.from_documents(laid, 512)
        with (
            torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
            torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"),
        ):
            states = model(batch)
        assert states.hidden_ND.requires_grad
        return sum(sizes.values())

    def predicted(rows: int) -> int:
        parts = training_memory(
            config,
            micro_batch=rows,
            seq_len=512,
            precision=precision,
            optimizer="adamw",
            device="cpu",
            compiled=True,
        )
        return parts["activations"]

    assert (kept(4) - kept(2)) / (predicted(4) - predicted(2)) == pytest.approx(0.85, abs=0.15)


def test_memory_grows_where_it_must():
    base = memory("mini")
    assert memory("mini", micro_batch=16)["activations"] > 1.7 * base["activations"]
    assert memory("mini", precision="float32")["activations"] > 1.2 * base["activations"]
    assert memory("mini", compiled=True)["activations"] < base["activations"]
    assert memory("mini", device="cuda")["activations"] < base["activations"]
    assert memory("mini", optimizer="muon")["optimizer"] < base["optimizer"] == 8 * 5_868_800
    assert memory("minimind2-moe")["activations"] > memory("minimind2-small")["activations"]


def test_disk():
    weights = 4 * 25_829_888
    assert checkpoint_bytes(SMALL, None) == weights + 1_000_000
    assert checkpoint_bytes(SMALL, "adamw") == 3 * weights + 1_000_000
    assert optimizer_bytes(SMALL, "muon") == 4 * (25_829_888 + 6400 * 512 + 17 * 512)
    two = run_disk_bytes(SMALL, optimizer="adamw", checkpoints=2)
    assert run_disk_bytes(SMALL, optimizer="adamw", checkpoints=3) - two == checkpoint_bytes(SMALL, "adamw")


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
@pytest.mark.parametrize("precision", ["bf16", "float32", "fp16"])
def test_bigger_models_use_a_device_better(kind, precision):
    shares = [utilisation(PRESETS[name].config, kind, precision) for name in ("tiny", "mini", "minimind2")]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 0.95


def test_time_money_energy():
    assert seconds(9_000, 1_500) == 6
    assert seconds(9_000, 0) == float("inf")
    assert cost_cny(2 * 3600, 1.3) == pytest.approx(2.6)
    assert energy_kwh(1800, 350) == pytest.approx(0.175)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (186, "3.1 min"),
        (7190, "2 h 0 min"),
        (9000, "2 h 30 min"),
        (11_999_738, "138.9 days"),
    ],
)
def test_a_duration_can_be_read(seconds, text):
    assert duration(seconds) == text
