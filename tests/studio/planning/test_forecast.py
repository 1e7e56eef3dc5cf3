"""What a run that waits will take: of one training, of a recipe, and where it cannot be told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from minimind.device import Device
from minimind.job import Budget, DataFile, Hardware, JobSpec, ModelRef
from minimind.recipes import RECIPES, job_for, recipe_seconds
from studio.planning.forecast import Forecast, forecast

CPU = Device(
    kind="cpu", name="cpu", memory_bytes=2**34, free_bytes=2**34, bf16=True, flops=1e12, flops_float32=2e11
)
CARD = dataclasses.replace(CPU, kind="cuda", name="card", flops=71e12, flops_float32=35e12)


@pytest.fixture
def job(tmp_path: Path) -> JobSpec:
    data = tmp_path / "a.jsonl"
    data.write_text(
        (json.dumps({"text": "春天来了，小草绿了。" * 20}, ensure_ascii=False) + "\n") * 200, "utf-8"
    )
    return JobSpec(
        run_id="r", method="pretrain", model=ModelRef(preset="mini"), data=(DataFile(path=str(data)),)
    )


def told(job: JobSpec, *devices: Device) -> Forecast:
    found = forecast(job, devices or (CPU,), cny_per_hour=1.3, cny_per_kwh=0.6)
    assert found is not None
    return found


def test_longer_runs_take_longer_and_cost_more(job: JobSpec) -> None:
    one, ten = told(job), told(job.with_changes(budget=Budget(epochs=10)))
    assert one.seconds < ten.seconds
    assert 0 < one.cost < ten.cost


def test_a_card_costs_by_the_hour(job: JobSpec) -> None:
    long = job.with_changes(budget=Budget(minutes=60))
    assert told(long, CARD, CPU).cost == pytest.approx(1.3, rel=0.01)
    on_processor = long.with_changes(hardware=Hardware(device="cpu"))
    assert told(on_processor, CARD, CPU).cost < 0.2


def test_a_recipe_takes_what_its_door_promises() -> None:
    promised = recipe_seconds(RECIPES["first"], CPU)
    assert told(job_for("first")).seconds == pytest.approx(promised, rel=0.1)


def test_what_cannot_be_told_is_no_error(job: JobSpec) -> None:
    gone = job.with_changes(data=(DataFile(path="/no/such.jsonl"),))
    elsewhere = job.with_changes(model=ModelRef(checkpoint="/no/such/model"))
    no_card = job.with_changes(hardware=Hardware(device="cuda:3"))
    for asked in (gone, elsewhere, no_card, job.with_changes(kind="export"), job.with_changes(method="x")):
        assert forecast(asked, [CPU], cny_per_hour=1.3, cny_per_kwh=0.6) is None
