from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minimind.device import Device
from minimind.job import DataFile
from minimind.methods import Needs
from studio.planning.choices import Choices
from studio.planning.data_check import check_file
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation

GB = 2**30


def make_cpu(**changes: Any) -> Device:
    fields: dict[str, Any] = {
        "kind": "cpu",
        "name": "AMD EPYC",
        "memory_bytes": 16 * GB,
        "free_bytes": 12 * GB,
        "bf16": True,
        "flops": 1e12,
        "flops_float32": 2e11,
        "threads": 2,
    }
    return Device(**fields | changes)


def make_card(**changes: Any) -> Device:
    fields: dict[str, Any] = {
        "kind": "cuda",
        "name": "NVIDIA GeForce RTX 3090",
        "memory_bytes": 24 * GB,
        "free_bytes": 23 * GB,
        "bf16": True,
        "flops": 71e12,
        "flops_float32": 35e12,
    }
    return Device(**fields | changes)


def write_rows(path: Path, rows: list[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    rows = [{"text": f"第 {n} 篇。春天来了，小草从土里钻出来，树上的叶子也绿了。" * 4} for n in range(2000)]
    return write_rows(tmp_path / "文本 😀.jsonl", rows)


@pytest.fixture
def plan_of(text_file: Path, tmp_path: Path) -> Callable[..., RunPlan]:
    """A plan that is ready to start on a CPU; keyword arguments change its choices."""

    def make(*, situation: Situation | None = None, **changes: Any) -> RunPlan:
        fields: dict[str, Any] = {
            "method": "pretrain",
            "preset": "mini",
            "data": (DataFile(path=str(text_file)),),
        }
        choices = Choices(**fields | changes)
        needs = Needs.CHAT if choices.method == "sft" else Needs.TEXT
        paths = [file.path for file in choices.data] + [choices.val_data or ""]
        found = situation or Situation(
            devices=(make_cpu(),), runs_folder=tmp_path / "runs", disk_free_bytes=100 * 10**9
        )
        files = {path: check_file(path, needs) for path in paths if path}
        return RunPlan(choices=choices, situation=found, files=files)

    return make
