"""Experts against two independent computations: a plain loop here, and a stock model of transformers."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import transformers

from minimind.data.batch import Batch
from minimind.model.attention import VARIANTS, Layout
from minimind.model.config import ModelConfig
from minimind.model.moe import Experts, Routing, balance_count, balance_sum
from minimind.model.sampling import logits
from minimind.model.transformer import Transformer

CONFIG = ModelConfig(
    dim=32,
    num_layers=2,
    num_heads=4,
    num_kv_heads=2,
    ffn_dim=40,
    vocab_size=97,
    num_experts=4,
    experts_per_token=2,
    num_shared_experts=1,
    balance="document",
    balance_alpha=0.1,
)


def lively(module: torch.nn.Module) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
            if parameter.ndim == 1:
                parameter.add_(1.0)
    return module


def by_hand(block: Experts, x: torch.Tensor, normalize: bool) -> torch.Tensor:
    """One token and one expert at a time, in float64."""
    block, rows = block.double(), []

    def swiglu(part: torch.nn.Module, row: torch.Tensor) -> torch.Tensor:
        gate, up = part.gate_proj.weight @ row, part.up_proj.weight @ row
        return part.down_proj.weight @ (gate * torch.sigmoid(gate) * up)

    for row in x.double():
        scores = torch.exp(block.gate.weight @ row)
        scores = scores / scores.sum()
        best = sorted(range(len(scores)), key=lambda e: -float(scores[e]))[: block.per_token]
        total = sum(scores[e] for e in best) if normalize else 1.0
        out = sum(scores[e] / total * swiglu(block.experts[e], row) for e in best)
        for shared in getattr(block, "shared_experts", []):
            out = out + swiglu(shared, row)
        rows.append(out)
    return torch.stack(rows)


@pytest.mark.parametrize(
    ("experts", "chosen", "shared", "normalize"),
    [(4, 2, 1, True), (4, 1, 0, True), (4, 1, 0, False), (6, 3, 2, False), (3, 3, 0, True)],
)
def test_experts_equal_a_plain_loop(experts, chosen, shared, normalize):
    config = dataclasses.replace(
        CONFIG,
        num_experts=experts,
        experts_per_token=chosen,
        num_shared_experts=shared,
        normalize_routing=normalize,
    )
    block = lively(Experts(config))
    x = torch.randn(50, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ours, routing = block(x, torch.float32)
        reference = by_hand(block, x, normalize)
    assert routing.chosen_Nk.shape == (50, chosen)
    assert reference.std() > 0.3
    assert (ours - reference).abs().max() < 1e-5


def test_an_expert_that_nobody_chose_has_a_zero_gradient():
    block = lively(Experts(CONFIG))
    with torch.no_grad():
        block.gate.weight[3] = -block.gate.weight[:3].sum(0) * 0 - 100.0
    out, routing = block(torch.ones(6, 32), torch.float32)
    assert 3 not in routing.chosen_Nk
    out.sum().backward()
    assert block.experts[3].up_proj.weight.grad.abs().max() == 0


def test_shared_experts_equal_a_stock_model():
    """GraniteMoeShared takes the softmax after the choice, which is the same as normalising before it."""
    model = lively(Transformer(CONFIG)).eval()
    settings = transformers.GraniteMoeSharedConfig(
        hidden_size=32,
        intermediate_size=40,
        shared_intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_local_experts=4,
        num_experts_per_tok=2,
        vocab_size=97,
        rms_norm_eps=CONFIG.norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": CONFIG.rope_theta},
        attention_multiplier=CONFIG.head_dim**-0.5,
        tie_word_embeddings=True,
    )
    other = transformers.GraniteMoeSharedForCausalLM(settings).eval()
    ours, state = model.state_dict(), {}
    for name in other.state_dict():
        if ".block_sparse_moe." not in name and ".shared_mlp." not in name:
            state[name] = ours.get(name, model.head_weight)
    for layer in range(2):
        prefix = f"model.layers.{layer}"
        mlp, experts = f"{prefix}.mlp", f"{prefix}.block_sparse_moe"

        def pair(place: str) -> torch.Tensor:
            return torch.cat([ours[f"{place}.gate_proj.weight"], ours[f"{place}.up_proj.weight"]])

        state[f"{experts}.router.weight"] = ours[f"{mlp}.gate.weight"]
        state[f"{experts}.experts.gate_up_proj"] = torch.stack([pair(f"{mlp}.experts.{i}") for i in range(4)])
        state[f"{experts}.experts.down_proj"] = torch.stack(
            [ours[f"{mlp}.experts.{i}.down_proj.weight"] for i in range(4)]
        )
        state[f"{prefix}.shared_mlp.input_linear.weight"] = pair(f"{mlp}.shared_experts.0")
        state[f"{prefix}.shared_mlp.output_linear.weight"] = ours[f"{mlp}.shared_experts.0.down_proj.weight"]
    other.load_state_dict(state)
    ids = [(7 * i) % 97 for i in range(30)]
    with torch.no_grad():
        reference = other(torch.tensor([ids])).logits[0]
    assert reference.std() > 0.5
    assert (logits(model, ids) - reference).abs().max() < 1e-5


ROWS = [[[1, 2, 3], [4, 5]], [[6, 7, 8, 9]]]


def routing_for(batch: Batch) -> Routing:
    scores = torch.rand(batch.ids_N.numel(), 4, generator=torch.Generator().manual_seed(2))
    scores = (scores / scores.sum(-1, keepdim=True)).requires_grad_()
    return Routing(scores_NE=scores, chosen_Nk=scores.topk(2).indices)


def unit_loss(routing: Routing, slots: list[int], scale: float) -> float:
    scores = routing.scores_NE.tolist()
    chosen = routing.chosen_Nk.tolist()
    total = 0.0
    for expert in range(4):
        choices = sum(chosen[slot].count(expert) for slot in slots)
        mean_score = sum(scores[slot][expert] for slot in slots) / len(slots)
        total += choices / len(slots) * scale * mean_score
    return total


@pytest.mark.parametrize("variant", VARIANTS)
def test_balance_per_document_by_hand(variant):
    batch = Batch.from_documents(ROWS, 6)
    routing = routing_for(batch)
    layout = Layout.of(batch, variant, num_heads=4, num_kv_heads=2)
    value = balance_sum(CONFIG, routing, batch, layout)
    documents = [[0, 1, 2], [3, 4], [6, 7, 8, 9]]
    wanted = 0.1 * sum(unit_loss(routing, slots, 4 / 2) for slots in documents)
    assert float(value.detach()) == pytest.approx(wanted, rel=1e-6)
    assert balance_count(CONFIG, batch) == 3
    value.backward()
    empty = batch.documents_N < 0
    assert routing.scores_NE.grad[empty].abs().max() == 0
    assert routing.scores_NE.grad[~empty].abs().min() >= 0


def test_balance_per_row_by_hand():
    config = dataclasses.replace(CONFIG, balance="row", balance_alpha=5e-4)
    batch = Batch.from_documents([*ROWS, []], 6)
    routing = routing_for(batch)
    layout = Layout.of(batch, "masked", num_heads=4, num_kv_heads=2)
    value = balance_sum(config, routing, batch, layout)
    wanted = 5e-4 * sum(unit_loss(routing, slots, 4) for slots in ([0, 1, 2, 3, 4], [6, 7, 8, 9]))
    assert float(value.detach()) == pytest.approx(wanted, rel=1e-6)
    assert balance_count(config, batch) == 2


def test_balance_is_least_when_even():
    batch = Batch.from_documents([[[1, 2, 3, 4]]], 4)
    layout = Layout.of(batch, "masked", num_heads=4, num_kv_heads=2)
    even = Routing(
        scores_NE=torch.full((4, 4), 0.25), chosen_Nk=torch.tensor([[0, 1], [2, 3], [1, 0], [3, 2]])
    )
    uneven = Routing(
        scores_NE=torch.tensor([[0.7, 0.2, 0.05, 0.05]] * 4), chosen_Nk=torch.tensor([[0, 1]] * 4)
    )
    assert float(balance_sum(CONFIG, even, batch, layout)) == pytest.approx(0.1)
    assert float(balance_sum(CONFIG, uneven, batch, layout)) > 0.15


def test_no_balance_loss_outside_training():
    model = lively(Transformer(CONFIG))
    batch = Batch.from_documents(ROWS, 6)
    assert model.train()(batch).balance_sum is not None
    assert model.eval()(batch).balance_sum is None
