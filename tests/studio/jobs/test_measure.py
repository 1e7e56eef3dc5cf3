from __future__ import annotations

import sys
from pathlib import Path

import pytest

from minimind.errors import BadInput
from minimind.events import Event
from minimind.job import Budget, DataFile, JobSpec, ModelRef
from studio.jobs.measure import STEPS, Progress, measure, measuring_job, speed
from studio.planning.choices import Choices
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation
from tests.studio.ui.wizard_kit import cpu, write_text

# a trainer that writes what a test wants: its events, or its last words
TALKS = """
import json, sys
from pathlib import Path
folder = Path(sys.argv[1])
with (folder / "events.jsonl").open("w") as events:
    for step in range({steps}):
        t, tokens = 100.0 + (step * 5.0 if step < 5 else 20 + (step - 4) * 0.5), 1000 * (step + 1)
        events.write(json.dumps(
            dict(v=1, seq=step + 1, t=t, kind="step", step=step + 1, loss=1.0, tokens=tokens)) + "\\n")
print("the last word")
{end}
"""


def job(path: Path) -> JobSpec:
    return JobSpec(
        run_id="x", method="pretrain", model=ModelRef(preset="tiny"), data=(DataFile(path=str(path)),)
    )


def trainer(tmp_path: Path, *, steps: int, end: str = "") -> list[str]:
    script = tmp_path / "trainer.py"
    script.write_text(TALKS.format(steps=steps, end=end))
    return [sys.executable, str(script)]


def run(
    tmp_path: Path, command: list[str], *, cancelled: bool = False
) -> tuple[float | None, list[Progress]]:
    told: list[Progress] = []
    found = measure(
        job(tmp_path / "a.jsonl"),
        tmp_path / "measure",
        progress=told.append,
        cancelled=lambda: cancelled,
        trainer=command,
    )
    return found, told


def test_the_cold_steps_do_not_count(tmp_path: Path) -> None:
    # it would go on for ever: what was seen is enough
    found, _told = run(tmp_path, trainer(tmp_path, steps=STEPS, end="while True: pass"))
    assert found == pytest.approx(2000.0)
    assert not (tmp_path / "measure").exists()


def test_a_trainer_that_ends_too_soon_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the last word"):
        run(tmp_path, trainer(tmp_path, steps=3, end="sys.exit(2)"))
    assert not (tmp_path / "measure").exists()


def test_given_up_leaves_nothing(tmp_path: Path) -> None:
    found, _told = run(tmp_path, trainer(tmp_path, steps=1, end="while True: pass"), cancelled=True)
    assert found is None
    assert not (tmp_path / "measure").exists()


def test_the_steps_measured_are_those_of_the_plan(tmp_path: Path) -> None:
    write_text(tmp_path / "a.jsonl", 50)
    data = (DataFile(path=str(tmp_path / "a.jsonl")),)
    choices = Choices(method="pretrain", preset="mini", data=data, budget=Budget(epochs=3.0))
    plan = RunPlan(choices=choices, situation=Situation(devices=(cpu(),)))
    estimate = plan.estimate()
    assert estimate is not None
    made = measuring_job(plan.to_job("x"), estimate.resolved)
    assert made.budget == Budget(steps=STEPS)
    assert made.settings["tokens_per_step"] == estimate.resolved.tokens_per_step
    assert made.settings["micro_batch"] == estimate.resolved.micro_batch
    # and the speed that was found replaces the formula in that plan only
    faster = RunPlan(choices=choices, situation=plan.situation, speeds={plan.speed_key: 1e9})
    assert (measured := faster.estimate()) is not None
    assert measured.measured
    other = RunPlan(
        choices=choices.with_setting("seq_len", 256, None), situation=plan.situation, speeds=faster.speeds
    )
    assert (unmeasured := other.estimate()) is not None
    assert not unmeasured.measured


def test_speed_is_tokens_by_the_clock() -> None:
    numbers = range(1, STEPS + 1)
    steps = [Event(kind="step", seq=n, t=n / 4, fields={"step": n, "tokens": 64 * n}) for n in numbers]
    assert speed(steps) == pytest.approx(256.0)
