"""GGUF files: written right, and read by llama.cpp as PyTorch reads the checkpoint."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from minimind.chat import llama
from minimind.errors import BadInput
from minimind.export import gguf_layout as layout
from minimind.export.exporter import ExportRequest, ExportResult
from minimind.export.gguf import GGUFExporter
from minimind.model import checkpoint, sampling
from minimind.model.config import ModelConfig
from minimind.presets import PRESETS
from minimind.tokenizer.tokenizer import Tokenizer
from tests.helpers.checkpoints import TINY, TINY_ODD, TINY_QK, TINY_WIDE, make_checkpoint

needs_llama = pytest.mark.skipif(not llama.installed(), reason="llama-cpp-python is not installed")
TEXTS = (
    "春天来了，公园里的花都开了。小朋友们在草地上放风筝，笑声传得很远。",
    "In spring the snow on the hill turns into a small stream, and it's 12 km to the sea.",
    "🌱🎉 表情和\u200d零宽，\t制表\r\n换行   空格 <think>不是词元</think> <|im_end|> naïve café １２３",
)
SHAPES = {"llama": TINY, "qwen3": TINY_QK, "llama wide, own head": TINY_WIDE}


def export(folder: Path, out: Path, **wanted: object) -> ExportResult:
    request = ExportRequest(checkpoint=str(folder), out=out, **wanted)  # type: ignore[arg-type]
    return GGUFExporter().export(request, lambda done, total: None)


def fields(path: Path) -> dict[str, object]:
    import gguf

    reader = gguf.GGUFReader(path)
    return {name: field.contents() for name, field in reader.fields.items()}


# -- what the file says ------------------------------------------------------------------------------


def test_metadata_is_complete(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck", TINY_QK)
    out = export(folder, tmp_path / "m.gguf", dtype="f32", name="小舟", licence="mit").path
    found, tokenizer = fields(out), Tokenizer.load(folder)
    wanted = {
        "general.architecture": "qwen3",
        "general.name": "小舟",
        "general.license": "mit",
        "qwen3.context_length": TINY_QK.max_positions,
        "qwen3.attention.head_count_kv": TINY_QK.num_kv_heads,
        "qwen3.attention.key_length": TINY_QK.head_dim,
        "qwen3.rope.freq_base": TINY_QK.rope_theta,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.bos_token_id": tokenizer.bos_id,
        "tokenizer.ggml.eos_token_id": tokenizer.eos_id,
        "tokenizer.ggml.padding_token_id": tokenizer.pad_id,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": tokenizer.chat_template,
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert len(found["tokenizer.ggml.tokens"]) == TINY_QK.vocab_size  # type: ignore[arg-type]


def test_added_tokens_keep_their_kind(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    found = fields(export(folder, tmp_path / "m.gguf").path)
    kinds, tokens = found["tokenizer.ggml.token_type"], found["tokenizer.ggml.tokens"]
    assert isinstance(kinds, list)
    assert isinstance(tokens, list)
    by_text = dict(zip(tokens, kinds, strict=True))
    assert (by_text["<|im_end|>"], by_text["<think>"], by_text["a"]) == (3, 4, 1)


def test_rows_that_fit_no_block_fall_back_and_that_is_told(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck", TINY_ODD)
    result = export(folder, tmp_path / "m.gguf", quant="Q8_0", dtype="f32")
    assert len(result.notes) == 1
    assert "F32" in result.notes[0]
    assert "Q8_0" in result.notes[0]


def test_nothing_is_said_where_everything_fits(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    assert export(folder, tmp_path / "m.gguf", quant="q8_0").notes == ()


@pytest.mark.parametrize("storage", ["F32", "F16", "Q8_0", "Q4_0"])
def test_predicted_size_is_the_size(tmp_path: Path, storage: str) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    result = export(folder, tmp_path / "m.gguf", quant=storage)
    assert GGUFExporter().size(TINY, storage) == pytest.approx(result.size_bytes, rel=0.02)


def test_size_of_minimind2_small_as_q8_0() -> None:
    assert GGUFExporter().size(PRESETS["minimind2-small"].config, "Q8_0") == pytest.approx(27.7e6, rel=0.01)


def test_experts_are_refused_in_one_sentence(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck", small_experts())
    with pytest.raises(BadInput, match="Expert models"):
        export(folder, tmp_path / "m.gguf")
    assert not (tmp_path / "m.gguf").exists()


def small_experts() -> ModelConfig:
    changes = {"num_experts": 4, "experts_per_token": 2, "num_shared_experts": 1, "balance": "document"}
    return ModelConfig(**(TINY.to_dict() | changes))


def test_a_file_that_is_no_gguf_is_not_overwritten(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match=r"letter\.txt"):
        export(folder, tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("wanted", [{"quant": "Q9"}, {"dtype": "f64"}])
def test_unknown_storage_is_named(tmp_path: Path, wanted: dict[str, str]) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    with pytest.raises(BadInput, match=next(iter(wanted.values()))):
        export(folder, tmp_path / "m.gguf", **wanted)
    assert list(tmp_path.glob("*.gguf")) == []


def test_k_quant_without_the_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama, "installed", lambda: False)
    folder = make_checkpoint(tmp_path / "ck")
    with pytest.raises(BadInput, match="pip install llama-cpp-python"):
        export(folder, tmp_path / "m.gguf", quant="Q4_K_M")


def test_failure_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    before = export(folder, tmp_path / "m.gguf").path.read_bytes()

    def burst(done: int, total: int) -> None:
        raise OSError(28, "No space left on device")

    request = ExportRequest(checkpoint=str(folder), out=tmp_path / "m.gguf", dtype="f32")
    with pytest.raises(OSError, match="No space"):
        GGUFExporter().export(request, burst)
    assert (tmp_path / "m.gguf").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ck", "m.gguf"]


# -- llama.cpp agrees --------------------------------------------------------------------------------


@needs_llama
@pytest.mark.gguf
@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_f32_logits_are_pytorchs(tmp_path: Path, config: ModelConfig) -> None:
    folder = make_checkpoint(tmp_path / "ck", config)
    model = checkpoint.load(folder).model
    tokenizer = Tokenizer.load(folder)
    out = export(folder, tmp_path / "m.gguf", dtype="f32").path
    file = llama.Model(out, context=256, threads=1, every_logit=True)
    for text in TEXTS:
        ids = tokenizer.encode_texts([text])[0]
        ours = sampling.logits(model, ids).numpy()
        assert ours.std() > 0.5, "weights too dull to tell a wrong layout"
        assert np.abs(ours - file.all_logits(ids)).max() < 1e-3
    file.close()


@needs_llama
@pytest.mark.gguf
@pytest.mark.parametrize(("storage", "limit"), [("Q8_0", 0.6), ("Q4_0", 6.0)])
@pytest.mark.parametrize("config", [TINY, TINY_QK], ids=["llama", "qwen3"])
def test_quantised_files_agree_roughly(
    tmp_path: Path, config: ModelConfig, storage: str, limit: float
) -> None:
    folder = make_checkpoint(tmp_path / "ck", config)
    ids = Tokenizer.load(folder).encode_texts([TEXTS[0]])[0]
    ours = sampling.logits(checkpoint.load(folder).model, ids).numpy()
    file = llama.Model(
        export(folder, tmp_path / "m.gguf", quant=storage).path, context=256, threads=1, every_logit=True
    )
    theirs = file.all_logits(ids)
    file.close()
    assert np.abs(ours - theirs).max() < limit
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > (0.99 if storage == "Q8_0" else 0.7)


@needs_llama
@pytest.mark.gguf
@pytest.mark.parametrize("storage", ["Q6_K", "Q5_K_M", "Q4_K_M"])
def test_k_quants_load_and_have_the_predicted_size(tmp_path: Path, storage: str) -> None:
    config = ModelConfig(**(TINY.to_dict() | {"dim": 256, "head_dim": 64, "ffn_dim": 704}))
    folder = make_checkpoint(tmp_path / "ck", config)
    result = export(folder, tmp_path / "m.gguf", quant=storage)
    file = llama.Model(result.path, context=64, threads=1)
    assert file.storage == storage
    file.close()
    assert GGUFExporter().size(config, storage) == pytest.approx(result.size_bytes, rel=0.02)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ck", "m.gguf"]


@needs_llama
@pytest.mark.gguf
def test_check_compares_a_hundred_tokens(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    result = export(folder, tmp_path / "m.gguf", dtype="f32", check=True)
    assert (result.checked, result.same) == (100, 100)


def test_check_without_the_package_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "installed", lambda: False)
    folder = make_checkpoint(tmp_path / "ck")
    result = export(folder, tmp_path / "m.gguf", check=True)
    assert result.checked == 0
    assert "llama-cpp-python" in result.notes[0]


# -- llama.cpp reads the same text as the same ids -----------------------------------------------------


ALPHABET = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年",
    "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789",
    " \t\n\r\u00a0\u3000",
    ".,;:!?'\"()[]{}<>|/\\-_=+*&^%$#@~`，。！？；：“”（）《》",
    "🌱🎉👩‍💻🇨🇳é̀ñß０１２Ⅻ½ﬁ",
    ("<think>", "</think>", "<|im_start|>", "<|im_end|>", "<tool_call>", "'s", "'ll", "  ", "<|", "|>"),
)


def fuzz(count: int) -> list[str]:
    """Strings of awkward characters and, for a fifth of them, of any."""
    draw = random.Random(5)

    def awkward() -> str:
        return "".join(draw.choice(draw.choice(ALPHABET)) for _ in range(draw.randint(1, 60)))

    def anything() -> str:
        return "".join(
            chr(draw.choice((draw.randrange(0x20, 0x3000), draw.randrange(0x4E00, 0xA000))))
            for _ in range(30)
        )

    return [anything() if number % 5 == 0 else awkward() for number in range(count)]


@needs_llama
@pytest.mark.gguf
def test_text_becomes_the_same_ids(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    tokenizer = Tokenizer.load(folder)
    file = llama.Model(export(folder, tmp_path / "m.gguf").path, context=64, threads=1)
    texts = [*TEXTS, *fuzz(2000)]
    wanted = tokenizer.encode_texts(texts)
    wrong = [text for text, ids in zip(texts, wanted, strict=True) if file.encode_text(text) != ids]
    assert wrong == []
    pieces = [b"".join(file.piece(i) for i in ids).decode() for ids in wanted]
    assert pieces == texts
    file.close()


@needs_llama
@pytest.mark.gguf
def test_text_becomes_the_same_ids_for_real_rows(tmp_path: Path, pretrain_text: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    file = llama.Model(export(folder, tmp_path / "m.gguf").path, context=64, threads=1)
    texts = [line for line in pretrain_text.read_text("utf-8").splitlines() if line][:300]
    wanted = Tokenizer.load(folder).encode_texts(texts)
    assert [file.encode_text(text) for text in texts] == wanted
    file.close()


@needs_llama
@pytest.mark.gguf
@pytest.mark.parametrize("version", ["head", "s2025", "s2025-04-26"])
def test_upstream_tokenizers_are_read_alike(tmp_path: Path, shared_data: Path, version: str) -> None:
    folder = make_checkpoint(tmp_path / "ck", tokenizer=shared_data / "upstream_tokenizer" / version)
    file = llama.Model(export(folder, tmp_path / "m.gguf").path, context=64, threads=1)
    texts = [*TEXTS, *fuzz(300)]
    assert [file.encode_text(text) for text in texts] == Tokenizer.load(folder).encode_texts(texts)
    file.close()


def test_every_preset_has_a_layout() -> None:
    for name, preset in PRESETS.items():
        if preset.config.is_moe:
            continue
        names = [tensor.ours for tensor in layout.tensors(preset.config)]
        assert len(names) == len(set(names)), name
        total = sum(tensor.count for tensor in layout.tensors(preset.config))
        assert total == parameters(preset.config), name


def parameters(config: ModelConfig) -> int:
    return sum(int(np.prod(shape)) for shape in checkpoint.expected_shapes(config).values())
