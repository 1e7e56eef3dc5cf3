"""The choices of an export, without a window."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from minimind.chat import llama
from minimind.errors import BadInput
from minimind.export.exporter import ExportRequest
from minimind.job import KIND_EXPORT
from minimind.presets import PRESETS
from studio.planning import export_plan
from studio.planning.export_plan import ExportPlan, ollama_command


@pytest.fixture
def plan(tmp_path: Path) -> ExportPlan:
    made = ExportPlan(
        checkpoint=tmp_path / "step-00001800",
        label="对话/微调: 02",
        step=1800,
        config=PRESETS["minimind2-small"].config,
        folder=tmp_path / "exports",
    )
    return made.with_format("gguf")


def test_the_recommended_storage_is_chosen(plan: ExportPlan) -> None:
    assert (plan.storage, plan.with_format("hf").storage) == ("Q8_0", "F32")


def test_the_target_says_what_it_is_and_overwrites_nothing(plan: ExportPlan) -> None:
    assert plan.target.name == "对话-微调- 02-1800-Q8_0.gguf"
    plan.folder.mkdir()
    plan.target.write_bytes(b"GGUF")
    assert plan.target.name == "对话-微调- 02-1800-Q8_0-2.gguf"


def test_the_job_is_the_request(plan: ExportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "installed", lambda: True)
    job = plan.to_job()
    request = ExportRequest.from_work(job.work)
    assert (job.kind, job.work["format"]) == (KIND_EXPORT, "gguf")
    assert (request.quant, request.dtype, request.check, request.name) == ("Q8_0", "", True, plan.label)
    assert request.out.parent.is_dir()
    folder = ExportRequest.from_work(replace(plan.with_format("hf"), storage="BF16").to_job().work)
    assert (folder.quant, folder.dtype) == ("", "bf16")


def test_k_quants_without_the_package(plan: ExportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "installed", lambda: False)
    assert plan.problem() == ""
    assert "llama-cpp-python" in replace(plan, storage="Q4_K_M").problem()
    assert ExportRequest.from_work(plan.to_job().work).check is False
    assert plan.exporter.remedy().endswith("pip install llama-cpp-python")


def test_experts_and_full_disks_are_problems(plan: ExportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    experts = replace(plan, config=PRESETS["minimind2-moe"].config)
    assert "Expert" in experts.problem()
    assert experts.size("Q8_0") is None
    monkeypatch.setattr(export_plan, "free_bytes", lambda folder: 1_000_000)
    assert "1 MB" in plan.problem()


@pytest.mark.parametrize("preset", ["tiny", "mini", "minimind2-small", "minimind2"])
def test_the_list_is_sorted_by_what_the_files_weigh(plan: ExportPlan, preset: str) -> None:
    plan = replace(plan, config=PRESETS[preset].config)
    names = [storage.name for storage in plan.storages()]
    sizes = [plan.size(name) or 0 for name in names[1:]]
    assert names[0] == "Q8_0"
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 7


def test_nobody_promises_a_smaller_file_that_is_none(plan: ExportPlan) -> None:
    tiny = replace(plan, config=PRESETS["tiny"].config)
    # its rows of 64 numbers are too narrow for blocks of 256
    assert tiny.size("Q6_K") == tiny.size("Q8_0")
    assert "hardly smaller" in tiny.phrase("Q6_K")
    assert "hardly smaller" in tiny.phrase("Q4_K_M")
    assert plan.phrase("Q6_K") == "close to Q8_0, smaller"
    assert plan.phrase("F16") == tiny.phrase("F16") == "half precision, hardly any loss"


def test_a_place_that_cannot_be_written_to_is_a_problem(
    plan: ExportPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "Nothing can be written" in replace(plan, folder=tmp_path / "file" / "exports").problem()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert str(plan.folder) in plan.problem()


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no model"):
        ExportPlan.of(str(tmp_path), tmp_path)


def test_the_ollama_command_survives_odd_names() -> None:
    words = shlex.split(ollama_command(Path("/home/me/it's here/对话 02-Q8_0.gguf")))
    assert words[:2] == ["cd", "/home/me/it's here"]
    assert "FROM ./对话 02-Q8_0.gguf" in words
    assert words[-1] == "02-q8_0"
