"""Hugging Face folders: transformers opens them and computes the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from minimind.errors import BadInput
from minimind.export.exporter import ExportRequest, ExportResult
from minimind.export.huggingface import HuggingFaceExporter
from minimind.files import read_json, verify_folder
from minimind.model import checkpoint, sampling
from minimind.model.config import ModelConfig
from tests.helpers.checkpoints import TINY, TINY_QK, TINY_WIDE, make_checkpoint, make_run

IDS = [1, 300, 4000, 17, 17, 2]


def export(folder: Path, out: Path, **wanted: object) -> ExportResult:
    request = ExportRequest(checkpoint=str(folder), out=out, **wanted)  # type: ignore[arg-type]
    return HuggingFaceExporter().export(request, lambda done, total: None)


@pytest.mark.parametrize("config", [TINY, TINY_QK, TINY_WIDE], ids=["llama", "qwen3", "wide, own head"])
def test_transformers_computes_the_same(tmp_path: Path, config: ModelConfig) -> None:
    from transformers import AutoModelForCausalLM

    folder = make_checkpoint(tmp_path / "ck", config)
    out = export(folder, tmp_path / "hf").path
    theirs = AutoModelForCausalLM.from_pretrained(out)
    with torch.no_grad():
        expected = theirs(torch.tensor([IDS])).logits[0]
    ours = sampling.logits(checkpoint.load(folder).model, IDS)
    assert (ours - expected).abs().max() < 1e-4


@pytest.mark.parametrize(("dtype", "kind"), [("f16", torch.float16), ("bf16", torch.bfloat16)])
def test_half_precision_is_rounded_to_nearest(tmp_path: Path, dtype: str, kind: torch.dtype) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    result = export(folder, tmp_path / "hf", dtype=dtype, check=True)
    config = read_json(result.path / "config.json")
    assert config is not None
    assert config["dtype"] == str(kind).removeprefix("torch.")
    before, after = (
        checkpoint.load(folder).model.state_dict(),
        checkpoint.load(result.path).model.state_dict(),
    )
    assert all(torch.equal(value.to(kind).float(), after[name]) for name, value in before.items())
    assert result.checked == 100
    assert result.same > 90


def test_the_folder_vouches_for_itself_and_leaves_the_trainer_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run.step_folder(100) / "trainer.json").write_text("{}")
    out = export(run.path, tmp_path / "hf").path
    assert verify_folder(out)
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} < {
        path.name for path in out.iterdir()
    }
    assert not (out / "trainer.json").exists()


def test_how_it_was_trained_is_kept(tmp_path: Path) -> None:
    config = read_json(export(make_run(tmp_path / "run").path, tmp_path / "hf").path / "config.json")
    assert config is not None
    assert config["minimind_method"] == "sft"


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="hf exists"):
        export(folder, tmp_path / "hf")
    assert [path.name for path in (tmp_path / "hf").iterdir()] == ["letter.txt"]


def test_quant_is_for_gguf(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--quant is for gguf"):
        export(make_checkpoint(tmp_path / "ck"), tmp_path / "hf", quant="Q8_0")
