from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from minimind.device import Device
from minimind.methods import Needs
from minimind.presets import PRESETS
from minimind.run_state import RunState
from studio.planning import situation
from studio.planning.situation import (
    PointBook,
    Situation,
    StartPoint,
    method_title,
    sample_file,
    start_point,
    start_points,
    usable_devices,
)
from studio.store.records import Run


def device(kind: str, index: int = 0) -> Device:
    return Device(
        kind=kind,
        index=index,
        name=kind,
        memory_bytes=1,
        free_bytes=1,
        bf16=True,
        flops=1e12,
        flops_float32=1e12,
    )


def run_with_checkpoint(folder: Path, *, best: bool = True, config: Any = None, **fields: Any) -> Run:
    for name, step in (("last", 200), ("best", 100)):
        if name == "best" and not best:
            continue
        checkpoint = folder / "checkpoints" / f"step-{step:08d}"
        checkpoint.mkdir(parents=True)
        shape = PRESETS["tiny"].config.to_hf() if config is None else config
        (checkpoint / "config.json").write_text(json.dumps(shape))
        (folder / "checkpoints" / name).write_text(checkpoint.name)
    known: dict[str, Any] = {
        "state": RunState.FINISHED,
        "method": "pretrain",
        "val_loss": 2.5,
        "best_val_loss": 2.4,
    }
    return Run(run_id=folder.name, folder=folder, project="default", name="first", **known | fields)


def test_devices_are_found_by_their_label() -> None:
    here = Situation(devices=(device("cuda"), device("cuda", 1), device("cpu")))
    assert [here.device(label) for label in ("auto", "cuda", "cuda:1", "cpu")] == [
        here.devices[0],
        here.devices[0],
        here.devices[1],
        here.devices[2],
    ]
    assert here.device("mps") is None
    assert Situation().device("auto") is None


def test_a_card_that_torch_cannot_use_is_no_device() -> None:
    devices = (device("cuda"), device("cpu"))
    assert usable_devices(devices, ["card", "torch"]) == devices
    assert usable_devices(devices, ["card", "driver_too_old"]) == devices[1:]


def test_the_best_checkpoint_is_taken_and_else_the_last(tmp_path: Path) -> None:
    best = start_point(run_with_checkpoint(tmp_path / "a"))
    last = start_point(run_with_checkpoint(tmp_path / "b", best=False))
    assert best is not None
    assert last is not None
    assert (best.step, best.is_best, best.val_loss) == (100, True, 2.4)
    assert (last.step, last.is_best, last.val_loss) == (200, False, 2.5)
    assert best.config == PRESETS["tiny"].config


@pytest.mark.parametrize("config", [[], {"model_type": "gpt2"}, {"minimind": {"v": 1}}])
def test_a_shape_that_cannot_be_read_is_a_sentence(tmp_path: Path, config: Any) -> None:
    found = start_point(run_with_checkpoint(tmp_path / "a", config=config))
    assert found is not None
    assert found.config is None
    assert found.fault


def test_only_ended_runs_with_a_checkpoint_the_latest_first(tmp_path: Path) -> None:
    old = run_with_checkpoint(tmp_path / "old", ended_at=1.0)
    new = run_with_checkpoint(tmp_path / "new", ended_at=2.0, state=RunState.STOPPED)
    active = run_with_checkpoint(tmp_path / "active", state=RunState.RUNNING)
    empty = dataclasses.replace(old, run_id="empty", folder=tmp_path / "empty")
    assert list(start_points([old, active, empty, new])) == ["new", "old"]


def test_a_run_that_has_not_changed_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, book = run_with_checkpoint(tmp_path / "a"), PointBook()
    read: list[str] = []
    real = situation.start_point
    monkeypatch.setattr(situation, "start_point", lambda one: (read.append(one.run_id), real(one))[1])
    first = start_points([run], book)
    assert start_points([run], book) == first
    assert len(read) == 1
    renamed = dataclasses.replace(run, name="Novel")
    assert [point.name for point in start_points([renamed], book).values()] == ["Novel"]
    assert len(read) == 2


def test_a_folder_that_was_opened_is_known() -> None:
    point = StartPoint(
        run_id="/models/theirs", name="theirs", method="", folder=Path("/models/theirs"), step=0
    )
    assert Situation(opened=point).start_point("/models/theirs") is point
    assert Situation(opened=point).start_point("r1") is None


def test_an_unknown_method_keeps_its_own_name() -> None:
    assert method_title("pretrain") == "Pretrain"
    assert method_title("telepathy") == "telepathy"


def test_the_sample_fits_the_method() -> None:
    text, chat = sample_file(Needs.TEXT), sample_file(Needs.CHAT)
    assert text is not None
    assert chat is not None
    assert text != chat
    assert sample_file(Needs.PREFERENCES) is None


def test_a_first_plan_begins_with_what_the_home_page_recommends() -> None:
    assert Situation().preset in PRESETS
    slow = dataclasses.replace(device("cpu"), memory_bytes=2**34, free_bytes=2**34, flops=1e10)
    assert Situation(devices=(slow,)).preset == "mini"
