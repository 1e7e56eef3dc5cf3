"""The network against independent implementations, and packed against one document at a time."""

from __future__ import annotations

import dataclasses
import functools
import random

import pytest
import torch
import transformers
from torch._dynamo.utils import counters

from minimind.data.batch import Batch
from minimind.losses import linear_cross_entropy
from minimind.model.attention import GROUPED_BMM, GROUPED_FLASH, MASKED, VARIANTS
from minimind.model.config import ModelConfig
from minimind.model.sampling import logits
from minimind.model.transformer import HiddenStates, Transformer
from minimind.presets import PRESETS

SMALL = ModelConfig(dim=48, num_layers=3, num_heads=6, num_kv_heads=2, ffn_dim=80, vocab_size=97)
IDS = [random.Random(3).randrange(97) for _ in range(40)]


def lively(config: ModelConfig, seed: int = 0) -> Transformer:
    """Random weights large enough that a wrong sign or a swapped head shows."""
    model = Transformer(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.15)
            if parameter.ndim == 1:
                parameter.add_(1.0)
    return model.eval()


def theirs(config: ModelConfig, model: Transformer) -> torch.nn.Module:
    """transformers' model of that config.json with our weights."""
    value = config.to_hf()
    kind = getattr(transformers, value["architectures"][0])
    settings = kind.config_class(**{k: v for k, v in value.items() if k not in ("minimind", "architectures")})
    settings._attn_implementation = "eager"
    other = kind(settings).eval()
    state = dict(model.state_dict())
    if config.is_moe:
        for layer in range(config.num_layers):
            mlp = f"model.layers.{layer}.mlp"
            experts = range(config.num_experts)

            def take(part: str, mlp: str = mlp, experts: range = experts) -> torch.Tensor:
                return torch.stack([state.pop(f"{mlp}.experts.{i}.{part}_proj.weight") for i in experts])

            state[f"{mlp}.experts.gate_up_proj"] = torch.cat([take("gate"), take("up")], dim=1)
            state[f"{mlp}.experts.down_proj"] = take("down")
    if config.tie_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    other.load_state_dict(state)
    return other


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tie_embeddings": False, "rope_theta": 1e4, "num_kv_heads": 6},
        {"head_dim": 12},
        {"qk_norm": True, "norm_eps": 1e-6, "family": "minimind3"},
        {"qk_norm": True, "num_experts": 4, "experts_per_token": 1},
        {"qk_norm": True, "num_experts": 5, "experts_per_token": 2},
        {"qk_norm": True, "num_experts": 5, "experts_per_token": 2, "normalize_routing": False},
    ],
    ids=["llama", "llama-untied", "llama-head", "qwen3", "qwen3-moe", "qwen3-moe-2", "qwen3-moe-raw"],
)
def test_logits_equal_transformers(change):
    config = dataclasses.replace(SMALL, **change)
    model = lively(config)
    with torch.no_grad():
        reference = theirs(config, model)(torch.tensor([IDS])).logits[0]
    ours = logits(model, IDS)
    assert reference.std() > 0.5
    assert (ours - reference).abs().max() < 1e-5


def some_rows(rng: random.Random, rows: int = 3, seq_len: int = 48, vocab: int = 97) -> list[list[list[int]]]:
    """Documents of many lengths, one slot long too, with slots left over."""
    laid = []
    for row in range(rows):
        documents, left = [], seq_len - row
        while left > 0:
            length = min(left, rng.choice([1, 2, 5, 9, 10, 11, 23]))
            documents.append([rng.randrange(vocab) for _ in range(length)])
            left -= length
        laid.append(documents)
    return laid


MOE = dataclasses.replace(
    SMALL, num_experts=4, experts_per_token=2, num_shared_experts=1, balance="document", balance_alpha=0.1
)
MOE_ROW = dataclasses.replace(
    SMALL, qk_norm=True, num_experts=4, experts_per_token=1, balance="row", balance_alpha=5e-4
)


def gradients(model: Transformer, batches: list[Batch]) -> dict[str, torch.Tensor]:
    """Gradient of the mean over all batches' labels plus the mean balance loss, by accumulation."""
    model.zero_grad()
    labels = sum(batch.num_labels for batch in batches)
    units = sum(model.balance_count(batch) for batch in batches)
    value = 0.0
    for batch in batches:
        states: HiddenStates = model(batch)
        total, _count = linear_cross_entropy(states.hidden_ND, model.head_weight, batch.labels_N, chunk=16)
        loss = total / labels
        if states.balance_sum is not None:
            loss = loss + states.balance_sum / units
        loss.backward()
        value += float(loss.detach())
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return found | {"loss": torch.tensor(value)}


def close(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor], tolerance: float) -> None:
    assert one.keys() == two.keys()
    for name in one:
        scale = one[name].abs().max().clamp(min=1e-2)
        assert (one[name] - two[name]).abs().max() / scale < tolerance, name


@pytest.mark.parametrize("config", [SMALL, MOE, MOE_ROW], ids=["dense", "moe", "moe-row"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_attention_variant_equals_the_reference(config, variant):
    model = lively(config).train()
    batch = Batch.from_documents(some_rows(random.Random(1)), 48)
    model.attention_variant = MASKED
    reference = gradients(model, [batch])
    model.attention_variant = variant
    close(reference, gradients(model, [batch]), 1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("config", [SMALL, MOE], ids=["dense", "moe"])
def test_packed_equals_one_document_at_a_time(config, variant):
    model = lively(config).train()
    model.attention_variant = variant
    rows = some_rows(random.Random(2))
    packed = [Batch.from_documents(rows, 48)]
    alone = [Batch.from_documents([[document]], len(document)) for row in rows for document in row]
    close(gradients(model, packed), gradients(model, alone), 1e-5)


@pytest.mark.parametrize("config", [SMALL, MOE, MOE_ROW], ids=["dense", "moe", "moe-row"])
def test_four_micro_batches_equal_one(config):
    model = lively(config).train()
    rows = some_rows(random.Random(4), rows=4)
    together = [Batch.from_documents(rows, 48)]
    apart = [Batch.from_documents([row], 48) for row in rows]
    close(gradients(model, together), gradients(model, apart), 1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("config", [MOE, MOE_ROW], ids=["moe", "moe-row"])
def test_empty_slots_have_no_influence(config, variant):
    model = lively(config).train()
    model.attention_variant = variant
    rows = [[[3, 4, 5], [6, 7]], [], [[9] * 5]]
    batch = Batch.from_documents(rows, 12)
    other_ids = torch.where(batch.documents_N < 0, 11, batch.ids_N)
    strange = dataclasses.replace(batch, ids_N=other_ids, positions_N=batch.positions_N + 0)
    close(gradients(model, [batch]), gradients(model, [strange]), 1e-5)
    narrow = Batch.from_documents([row for row in rows if row], 5)
    close(gradients(model, [batch]), gradients(model, [narrow]), 1e-5)


def test_a_batch_without_a_document():
    model = lively(SMALL).train()
    for variant in VARIANTS:
        model.attention_variant = variant
        states = model(Batch.from_documents([[], []], 8))
        assert states.hidden_ND.isfinite().all()


def test_long_documents_take_the_fused_kernel(monkeypatch):
    monkeypatch.setattr("minimind.model.attention._LONGEST_BMM", 8)
    model = lively(SMALL).train()
    batch = Batch.from_documents(some_rows(random.Random(5)), 48)
    model.attention_variant = GROUPED_BMM
    mixed = gradients(model, [batch])
    model.attention_variant = GROUPED_FLASH
    close(mixed, gradients(model, [batch]), 1e-5)


# torch's own capture looks at tensors in a way that it warns of
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
@pytest.mark.parametrize("config", [SMALL, MOE], ids=["dense", "moe"])
def test_compiled_blocks_share_two_graphs_and_change_nothing(config, monkeypatch):
    """Captured and differentiated as when compiling for real, only without the C++ compiler."""
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    counters.clear()
    model = lively(config).train()
    batches = [Batch.from_documents(some_rows(random.Random(seed)), 48) for seed in (8, 9)]
    eager = gradients(model, batches)
    model.compile_blocks()
    close(eager, gradients(model, batches), 1e-5)
    assert counters["stats"]["unique_graphs"] == 2
    assert not counters["graph_break"]
    model.eval()(batches[0])
    assert counters["stats"]["unique_graphs"] == 2


def test_an_unknown_variant_is_a_programmers_error():
    model = lively(SMALL)
    model.attention_variant = "magic"
    with pytest.raises(ValueError, match="magic"):
        model(Batch.from_documents([[[1, 2]]], 2))


def test_the_same_step_twice_gives_the_same_bits():
    model = lively(MOE).train()
    batch = Batch.from_documents(some_rows(random.Random(6)), 48)
    first, second = gradients(model, [batch]), gradients(model, [batch])
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_deterministic_mode_refuses_nothing():
    model = lively(MOE).train()
    torch.use_deterministic_algorithms(True)
    try:
        gradients(model, [Batch.from_documents(some_rows(random.Random(6)), 48)])
    finally:
        torch.use_deterministic_algorithms(False)


def test_bf16_stays_near_float32():
    model = lively(SMALL).train()
    batch = Batch.from_documents(some_rows(random.Random(7)), 48)
    exact = gradients(model, [batch])
    with torch.autocast("cpu", torch.bfloat16):
        states = model(batch)
        assert states.hidden_ND.dtype == torch.float32
        close_enough = gradients(model, [batch])
    for name in exact:
        error = (exact[name] - close_enough[name]).norm() / exact[name].norm()
        assert error < 0.06, name


def test_initialising_depends_on_the_seed_alone():
    config = PRESETS["tiny"].config
    torch.manual_seed(1)
    one = Transformer(config).initialise(7).state_dict()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    two = Transformer(config)
    torch.set_rng_state(state)
    two.initialise(7)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[name], value) for name, value in two.state_dict().items())
    other = Transformer(config).initialise(8).state_dict()
    assert not torch.equal(one["model.embed_tokens.weight"], other["model.embed_tokens.weight"])
    assert one["model.embed_tokens.weight"].std() == pytest.approx(0.02, rel=0.02)
    assert one["model.layers.0.mlp.down_proj.weight"].std() == pytest.approx(0.01, rel=0.05)


def test_rows_that_do_not_fit_are_a_programmers_error():
    with pytest.raises(ValueError, match="row 0"):
        Batch.from_documents([[[1, 2, 3]]], 2)
