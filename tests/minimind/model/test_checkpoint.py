"""Checkpoint folders: round trip, damage found, folders from elsewhere."""

from __future__ import annotations

import dataclasses
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from minimind.errors import BadInput
from minimind.files import write_folder
from minimind.model import checkpoint, safetensors_header
from minimind.model.config import ModelConfig
from minimind.model.sampling import logits
from minimind.model.transformer import Transformer
from minimind.presets import PRESETS

SMALL = ModelConfig(dim=32, num_layers=2, num_heads=4, num_kv_heads=2, ffn_dim=40, vocab_size=70)
MOE = dataclasses.replace(
    SMALL, num_experts=4, experts_per_token=2, num_shared_experts=1, balance="document", balance_alpha=0.1
)
IDS = [3, 9, 27, 11, 33]


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """The two files that a checkpoint carries along."""
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    added = [
        {"id": 0, "content": "<|endoftext|>"},
        {"id": 1, "content": "<|im_start|>"},
        {"id": 2, "content": "<|im_end|>"},
    ]
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": added}))
    settings = {"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"}, "pad_token": None}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def saved(target: Path, config: ModelConfig, tokenizer: Path | None = None, seed: int = 1) -> Transformer:
    model = Transformer(config).initialise(seed)
    write_folder(target, lambda folder: checkpoint.save_weights_into(folder, model, config, tokenizer))
    return model


@pytest.mark.parametrize("config", [SMALL, MOE, dataclasses.replace(SMALL, tie_embeddings=False)])
def test_round_trip(tmp_path, tokenizer, config):
    model = saved(tmp_path / "step", config, tokenizer)
    loaded = checkpoint.load(tmp_path / "step")
    assert loaded.config == config
    assert loaded.verified
    assert loaded.tokenizer_folder == loaded.folder == tmp_path / "step"
    assert not loaded.model.training
    before, after = model.state_dict(), loaded.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not loaded.model.head_weight.is_meta
    assert all(parameter.requires_grad for parameter in loaded.model.parameters())


def test_what_lies_in_the_folder(tmp_path, tokenizer):
    saved(tmp_path / "step", SMALL, tokenizer)
    names = {path.name for path in (tmp_path / "step").iterdir()}
    assert names == {
        "manifest.json",
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
    }
    weights = load_file(tmp_path / "step" / "model.safetensors")
    assert "lm_head.weight" not in weights
    assert {value.dtype for value in weights.values()} == {torch.float32}
    for name in ("config.json", "generation_config.json"):
        value = json.loads((tmp_path / "step" / name).read_text())
        assert (value["bos_token_id"], value["eos_token_id"]) == (1, 2)
        assert "pad_token_id" not in value


def test_bf16_weights_are_stored_as_float32(tmp_path):
    model = Transformer(SMALL).initialise(0).to(torch.bfloat16)
    write_folder(tmp_path / "step", lambda f: checkpoint.save_weights_into(f, model, SMALL, None))
    assert load_file(tmp_path / "step" / "model.safetensors")["model.norm.weight"].dtype == torch.float32
    loaded = checkpoint.load(tmp_path / "step", dtype=torch.bfloat16)
    assert loaded.model.head_weight.dtype == torch.bfloat16
    assert loaded.tokenizer_folder is None


def test_weights_of_another_shape_are_a_programmers_error(tmp_path):
    with pytest.raises(ValueError, match="configuration"):
        checkpoint.save_weights_into(tmp_path, Transformer(SMALL), MOE, None)


# -- damage ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("place", [0.1, 0.9])
def test_a_flipped_bit_is_found(tmp_path, tokenizer, name, place):
    saved(tmp_path / "step", SMALL, tokenizer)
    path = tmp_path / "step" / name
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInput, match=rf"{name} is damaged .*use another checkpoint"):
        checkpoint.load(tmp_path / "step")


def test_a_missing_file_is_found(tmp_path, tokenizer):
    saved(tmp_path / "step", SMALL, tokenizer)
    (tmp_path / "step" / "tokenizer.json").unlink()
    with pytest.raises(BadInput, match=r"tokenizer\.json"):
        checkpoint.load(tmp_path / "step")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder without a manifest, so that only the content speaks for itself."""
    saved(tmp_path / "foreign", SMALL)
    (tmp_path / "foreign" / "manifest.json").unlink()
    return tmp_path / "foreign"


def test_a_folder_from_elsewhere_opens_unverified(foreign):
    loaded = checkpoint.load(foreign)
    assert not loaded.verified
    assert loaded.config == SMALL


def raw(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 9 << 20) + b" " * (9 << 20),
        raw(b"[1]"),
        raw(b"{"),
        raw(b"[" * 100_000),
        raw({"a": 1}),
        raw({"a": {**ONE, "shape": [-1]}}, b"1234"),
        raw({"a": {**ONE, "shape": [2]}}, b"1234"),
        raw({"a": {**ONE, "shape": [True]}}, b"1234"),
        raw({"a": {**ONE, "shape": [1 << 61, 8]}}, b"1234"),
        raw({"a": {**ONE, "data_offsets": [0, 8]}}, b"1234"),
        raw({"a": ONE, "b": ONE}, b"1234"),
        raw({"a": {**ONE, "data_offsets": [4, 8]}}, b"12345678"),
        raw({"a": ONE}, b"1234extra"),
        raw({}, b"1234"),
        raw({"a": {"dtype": 7, "shape": [1], "data_offsets": [0, 4]}}, b"1234"),
    ],
)
def test_a_hostile_header_is_one_sentence(foreign, content):
    (foreign / "model.safetensors").write_bytes(content)
    with pytest.raises(BadInput, match=r"model\.safetensors is damaged"):
        safetensors_header.read_header(foreign / "model.safetensors")
    with pytest.raises(BadInput, match=r"model\.safetensors"):
        checkpoint.load(foreign)


@pytest.mark.parametrize("cut", [7, 100, 2000, -1])
def test_a_cut_file_is_one_sentence(foreign, cut):
    path = foreign / "model.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(BadInput, match="damaged"):
        checkpoint.load(foreign)


def rewrite(folder: Path, change) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.pop("model.norm.weight"), "model.norm.weight is missing"),
        (lambda w: w.update(extra=torch.zeros(1)), "extra does not belong"),
        (lambda w: w.update({"../../evil": torch.zeros(1)}), "evil does not belong"),
        (lambda w: w.update({"model.norm.weight": torch.zeros(33)}), r"\[33\].*\[32\]"),
        (lambda w: w.update({"model.norm.weight": torch.zeros(32, dtype=torch.int64)}), "I64"),
        (lambda w: w["model.norm.weight"].fill_(float("nan")), "not finite"),
        (lambda w: w.update({"lm_head.weight": torch.zeros(70, 32)}), "own output head"),
    ],
)
def test_weights_that_do_not_fit(foreign, change, said):
    rewrite(foreign, change)
    with pytest.raises(BadInput, match=said):
        checkpoint.load(foreign)


def test_a_tied_head_stored_twice_and_old_constants_are_fine(foreign):
    def change(weights):
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
        weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.zeros(4)

    rewrite(foreign, change)
    assert checkpoint.load(foreign).config == SMALL


def test_a_huge_shape_allocates_nothing(foreign):
    config = json.loads((foreign / "config.json").read_text())
    config["minimind"]["num_layers"] = 200
    config["minimind"]["ffn_dim"] = 131_072
    (foreign / "config.json").write_text(json.dumps(config))
    with pytest.raises(BadInput, match="too small for the model"):
        checkpoint.load(foreign)


def test_another_shape_of_the_same_size_is_found(foreign):
    config = json.loads((foreign / "config.json").read_text())
    config["minimind"] |= {"num_heads": 2, "head_dim": 16, "num_kv_heads": 1, "ffn_dim": 39}
    (foreign / "config.json").write_text(json.dumps(config))
    with pytest.raises(BadInput, match="expected is"):
        checkpoint.load(foreign)


def test_a_missing_or_broken_config(foreign):
    (foreign / "config.json").write_text("{")
    with pytest.raises(BadInput, match="not JSON"):
        checkpoint.load(foreign)
    (foreign / "config.json").unlink()
    with pytest.raises(BadInput, match="missing"):
        checkpoint.load(foreign)


# -- transformers ------------------------------------------------------------------------------------


def dense_settings(kind: str) -> transformers.PretrainedConfig:
    shape = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "vocab_size": 70,
    }
    if kind == "llama":
        return transformers.LlamaConfig(**shape, intermediate_size=40, tie_word_embeddings=True)
    if kind == "qwen3":
        return transformers.Qwen3Config(**shape, intermediate_size=40, tie_word_embeddings=False)
    return transformers.Qwen3MoeConfig(
        **shape, moe_intermediate_size=24, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True
    )


@pytest.mark.parametrize("kind", ["llama", "qwen3", "qwen3_moe"])
@pytest.mark.parametrize("sharded", [False, True])
def test_a_model_saved_by_transformers_opens(tmp_path, kind, sharded):
    torch.manual_seed(0)
    settings = dense_settings(kind)
    other = transformers.AutoModelForCausalLM.from_config(settings, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    other.save_pretrained(tmp_path / "hf", max_shard_size="12KB" if sharded else "1GB")
    assert (tmp_path / "hf" / "model.safetensors.index.json").exists() == sharded
    loaded = checkpoint.load(tmp_path / "hf")
    with torch.no_grad():
        reference = other(torch.tensor([IDS])).logits[0]
    assert reference.std() > 0.3
    assert (logits(loaded.model, IDS) - reference).abs().max() < 1e-5


@pytest.mark.parametrize("name", ["mini", "minimind3", "minimind3-moe"])
def test_our_folder_opens_in_transformers(tmp_path, name):
    config = dataclasses.replace(
        PRESETS[name].config, dim=64, num_layers=2, ffn_dim=48, vocab_size=70, head_dim=8
    )
    model = saved(tmp_path / "step", config).eval()
    other = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "step", dtype=torch.float32)
    with torch.no_grad():
        reference = other.eval()(torch.tensor([IDS])).logits[0]
    assert (logits(model, IDS) - reference).abs().max() < 1e-5


def test_a_shard_that_points_elsewhere_is_refused(foreign):
    (foreign / "model.safetensors").rename(foreign.parent / "elsewhere.safetensors")
    index = {"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}}
    (foreign / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BadInput, match="is not there"):
        checkpoint.load(foreign)
    (foreign / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(BadInput, match="does not list"):
        checkpoint.load(foreign)


# -- finding -----------------------------------------------------------------------------------------


def test_a_run_gives_its_best_then_its_last(tmp_path):
    run = tmp_path / "run"
    checkpoints = run / "checkpoints"
    checkpoints.mkdir(parents=True)
    with pytest.raises(BadInput, match="no checkpoint yet"):
        checkpoint.resolve(run)
    for step in (1, 2, 3):
        saved(checkpoints / f"step-{step:08d}", SMALL, seed=step)
    assert checkpoint.resolve(run).name == "step-00000003"
    (checkpoints / "last").write_text("step-00000002\n")
    assert checkpoint.resolve(run).name == "step-00000002"
    (checkpoints / "best").write_text("step-00000001\n")
    assert checkpoint.resolve(run).name == "step-00000001"
    (checkpoints / "best").write_text("step-00000009\n")
    assert checkpoint.resolve(run).name == "step-00000002"
    assert checkpoint.load(run).folder == checkpoints / "step-00000002"
    assert checkpoint.resolve(checkpoints / "step-00000001").name == "step-00000001"


def test_what_is_no_checkpoint_says_what_it_is(tmp_path):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_model.safetensors").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.gguf").touch()
    (tmp_path / "model.bin").touch()
    for name, said in {
        "adapter": "--adapter",
        "empty": "holds no model",
        "a.gguf": "GGUF",
        "model.bin": "is a file",
        "nowhere": "does not exist",
    }.items():
        with pytest.raises(BadInput, match=said):
            checkpoint.resolve(tmp_path / name)


def test_looking_at_a_folder_needs_no_torch():
    code = "import sys, minimind.model.checkpoint_folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
