"""Decoding with a cache equals the full forward pass; sampling depends on the seed alone."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from minimind.model.config import ModelConfig
from minimind.model.sampling import KVCache, choose, generate, head, logits, prefill
from minimind.model.transformer import Transformer

DENSE = ModelConfig(dim=32, num_layers=2, num_heads=4, num_kv_heads=2, ffn_dim=40, vocab_size=50)
MOE = dataclasses.replace(DENSE, qk_norm=True, num_experts=4, experts_per_token=2, num_shared_experts=1)
IDS = [(11 * i + 3) % 50 for i in range(24)]


def lively(config: ModelConfig) -> Transformer:
    model = Transformer(config)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2 + (parameter.ndim == 1))
    return model.eval()


@pytest.mark.parametrize("config", [DENSE, MOE], ids=["dense", "moe"])
@pytest.mark.parametrize("prompt", [1, 7, 24])
def test_cached_equals_full(config, prompt):
    model = lively(config)
    full = logits(model, IDS)
    cache = KVCache(config, capacity=24)
    with torch.no_grad():
        assert torch.allclose(head(model, prefill(model, IDS[:prompt], cache)), full[prompt - 1], atol=1e-5)
        for place in range(prompt, 24):
            hidden = model.extend(torch.tensor([[IDS[place]]]), cache)
            assert torch.allclose(head(model, hidden[0, 0]), full[place], atol=1e-5)
    assert cache.lengths_B.tolist() == [24]


def test_a_long_prompt_goes_in_by_pieces(monkeypatch):
    monkeypatch.setattr("minimind.model.sampling._PREFILL", 5)
    model = lively(DENSE)
    with torch.no_grad():
        last = head(model, prefill(model, IDS, KVCache(DENSE, capacity=30)))
    assert torch.allclose(last, logits(model, IDS)[-1], atol=1e-5)


def test_sequences_of_unequal_length_side_by_side():
    model = lively(DENSE)
    cache = KVCache(DENSE, sequences=3, capacity=26)
    prompts = [IDS[:4], IDS[3:12], IDS[:1]]
    with torch.no_grad():
        for row, prompt in enumerate(prompts):
            prefill(model, prompt, cache.view(row))
        for extra in (9, 31):
            hidden = model.extend(torch.full((3, 1), extra), cache)
            prompts = [[*prompt, extra] for prompt in prompts]
    assert cache.lengths_B.tolist() == [6, 11, 3]
    for row, prompt in enumerate(prompts):
        assert torch.allclose(head(model, hidden[row, 0]), logits(model, prompt)[-1], atol=1e-5)
    cache.reset()
    assert cache.lengths_B.tolist() == [0, 0, 0]


def test_the_cache_is_never_moved():
    model = lively(DENSE)
    cache = KVCache(DENSE, capacity=10)
    place = cache._store.data_ptr()
    with torch.no_grad():
        prefill(model, IDS[:9], cache)
        model.extend(torch.tensor([[1]]), cache)
        assert cache._store.data_ptr() == place
        with pytest.raises(ValueError, match="do not fit"):
            model.extend(torch.tensor([[1]]), cache)


def test_greedy_is_the_argmax_of_the_full_pass():
    model = lively(DENSE)
    new = list(generate(model, IDS[:5], max_new_tokens=8))
    so_far = IDS[:5]
    for token in new:
        assert token == int(logits(model, so_far)[-1].argmax())
        so_far = [*so_far, token]
    assert len(new) == 8


def test_eos_ends_and_is_not_given_out():
    model = lively(DENSE)
    free = list(generate(model, IDS[:5], max_new_tokens=8))
    cut = list(generate(model, IDS[:5], max_new_tokens=8, eos_id=free[3]))
    assert cut == free[: free.index(free[3])]


def test_stop_is_asked_before_each_token():
    asked = []
    model = lively(DENSE)
    text = generate(model, IDS[:5], max_new_tokens=8, stop=lambda: asked.append(1) or len(asked) > 3)
    assert len(list(text)) == 3


def test_a_seed_means_the_same_words():
    model = lively(DENSE)

    def write(seed: int) -> list[int]:
        generator = torch.Generator().manual_seed(seed)
        return list(generate(model, IDS[:5], max_new_tokens=20, temperature=1.5, generator=generator))

    state = torch.get_rng_state()
    assert write(1) == write(1)
    assert write(1) != write(2)
    assert torch.equal(torch.get_rng_state(), state)


def test_positions_end_the_text():
    model = lively(dataclasses.replace(DENSE, max_positions=8))
    assert len(list(generate(model, IDS[:5], max_new_tokens=20))) == 3
    with pytest.raises(ValueError, match="limit is 8"):
        next(generate(model, IDS[:9], max_new_tokens=20))
    with pytest.raises(ValueError, match="at least one"):
        next(generate(model, [], max_new_tokens=20))


def test_top_p_keeps_the_fewest_that_reach_it():
    probabilities = torch.tensor([0.1, 0.5, 0.15, 0.25])
    seen = {0.4: {1}, 0.5: {1}, 0.6: {1, 3}, 0.8: {1, 3, 2}, 1.0: {0, 1, 2, 3}}
    generator = torch.Generator().manual_seed(0)
    for top_p, wanted in seen.items():
        drawn = [
            choose(probabilities.log(), temperature=1.0, top_p=top_p, generator=generator) for _ in range(300)
        ]
        assert set(drawn) == wanted
    assert drawn.count(1) == pytest.approx(150, abs=30)


def test_temperature_sharpens():
    logits_V = torch.tensor([1.0, 0.0])
    generator = torch.Generator().manual_seed(0)
    cold = [choose(logits_V, temperature=0.1, top_p=1.0, generator=generator) for _ in range(200)]
    warm = [choose(logits_V, temperature=10.0, top_p=1.0, generator=generator) for _ in range(200)]
    assert cold.count(1) == 0
    assert warm.count(1) == pytest.approx(95, abs=25)


def test_logits_leave_the_mode_alone():
    model = lively(DENSE).train()
    logits(model, torch.tensor(IDS))
    assert model.training


def test_bf16_weights_decode():
    model = lively(DENSE).to(torch.bfloat16)
    assert len(list(generate(model, IDS, max_new_tokens=4))) == 4
