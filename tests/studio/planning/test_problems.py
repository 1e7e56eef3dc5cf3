from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minimind.device import Device
from minimind.job import Budget, DataFile
from minimind.text import set_language
from studio.planning.problems import Problem
from studio.planning.route import Severity, Step
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation, StartPoint

GB = 2**30
PlanOf = Callable[..., RunPlan]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def only(plan: RunPlan, code: str) -> Problem:
    found = [problem for problem in plan.problems() if problem.code == code]
    assert len(found) == 1, [problem.code for problem in plan.problems()]
    return found[0]


def device(**changes: Any) -> Device:
    fields: dict[str, Any] = {
        "kind": "cuda",
        "name": "RTX 3060",
        "memory_bytes": 12 * GB,
        "free_bytes": 11 * GB,
        "bf16": True,
        "flops": 25e12,
        "flops_float32": 12e12,
    }
    return Device(**fields | changes)


def test_a_good_plan_has_no_problem(plan_of: PlanOf) -> None:
    plan = plan_of(budget=Budget(steps=500))
    assert plan.problems() == []
    assert plan.verdict is None
    assert plan.first_obstacle is None


@pytest.mark.parametrize(
    ("changes", "code", "step", "severity"),
    [
        ({"method": None}, "no_method", Step.WHAT, Severity.MISSING),
        ({"method": "telepathy"}, "unknown_method", Step.WHAT, Severity.ERROR),
        ({"preset": None}, "no_model", Step.MODEL, Severity.MISSING),
        ({"preset": "huge"}, "unknown_preset", Step.MODEL, Severity.ERROR),
        ({"preset": None, "checkpoint": "gone"}, "no_checkpoint", Step.MODEL, Severity.ERROR),
        ({"data": ()}, "no_data", Step.DATA, Severity.MISSING),
        ({"settings": {"lr": 3.0}}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"settings": {"seq_len": 4}}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"settings": {"seq_len": "long"}}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"settings": {"precision": "fp4"}}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"settings": {"precision": "fp16"}}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"settings": {"warp": 9}}, "unknown_setting", Step.SETTINGS, Severity.ERROR),
        (
            {"settings": {"sample_prompts": ["a", "b", "c", "d"]}},
            "bad_setting",
            Step.SETTINGS,
            Severity.ERROR,
        ),
        ({"settings": {"sample_prompts": [" "]}}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"budget": Budget(steps=0)}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"budget": Budget(steps=5, epochs=1)}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"budget": Budget(steps=3)}, "few_steps", Step.SETTINGS, Severity.WARNING),
        ({"seed": -1}, "bad_setting", Step.SETTINGS, Severity.ERROR),
        ({"device": "cuda:7"}, "no_device", Step.SETTINGS, Severity.ERROR),
    ],
)
def test_each_wrong_choice_is_named_in_its_step(
    plan_of: PlanOf, changes: dict[str, Any], code: str, step: Step, severity: Severity
) -> None:
    plan = plan_of(**{"budget": Budget(steps=500)} | changes)
    found = only(plan, code)
    assert (found.step, found.severity) == (step, severity)
    assert found.sentence.endswith((".", "?"))
    assert found.action
    assert not found.action.endswith(".")
    assert plan.can_start is (severity is Severity.WARNING)


def test_the_words_for_the_button_say_what_to_do(plan_of: PlanOf) -> None:
    found = only(plan_of(settings={"lr": 3.0}), "bad_setting")
    assert found.field == "lr"
    assert found.sentence == "Learning rate must be at most 0.1."
    assert found.action == "Learning rate: at most 0.1"


def test_a_field_without_a_value_is_an_error_too(plan_of: PlanOf) -> None:
    plan = dataclasses.replace(
        plan_of(), unreadable={"lr": "This is not a number", "budget": "A number is missing"}
    )
    assert [(p.field, p.action) for p in plan.problems() if p.severity is Severity.ERROR] == [
        ("lr", "Learning rate: this is not a number"),
        ("budget", "Length of training: a number is missing"),
    ]
    assert not plan.can_start


class TestData:
    def test_a_file_that_went_away(self, plan_of: PlanOf, tmp_path: Path) -> None:
        gone = str(tmp_path / "gone.jsonl")
        found = only(plan_of(data=(DataFile(path=gone),)), "no_file")
        assert found.field == f"file:{gone}"
        assert "gone.jsonl" in found.sentence

    def test_a_file_that_is_still_read_is_missing_not_wrong(self, plan_of: PlanOf) -> None:
        plan = dataclasses.replace(plan_of(), files={})
        assert only(plan, "reading").severity is Severity.MISSING
        assert plan.verdict is Severity.MISSING

    def test_a_reading_that_was_stopped_is_a_warning(self, plan_of: PlanOf) -> None:
        plan = plan_of(budget=Budget(steps=500))
        path = plan.choices.data[0].path
        plan = dataclasses.replace(plan, files={path: dataclasses.replace(plan.files[path], stopped=True)})
        assert only(plan, "unchecked").severity is Severity.WARNING
        assert plan.can_start

    def test_chat_rows_do_not_serve_pretraining(self, plan_of: PlanOf, tmp_path: Path) -> None:
        path = tmp_path / "chat.jsonl"
        path.write_text('{"conversations": [{"role": "user", "content": "x"}]}\n')
        plan = plan_of(data=(DataFile(path=str(path)),))
        assert only(plan, "no_usable_row").severity is Severity.ERROR

    @pytest.mark.parametrize("weight", [0.0, -1.0, 1001.0, float("nan"), float("inf")])
    def test_weights_have_bounds(self, plan_of: PlanOf, text_file: Path, weight: float) -> None:
        found = only(plan_of(data=(DataFile(path=str(text_file), weight=weight),)), "bad_weight")
        assert found.field == f"weight:{text_file}"

    def test_the_same_file_twice(self, plan_of: PlanOf, text_file: Path) -> None:
        twice = (DataFile(path=str(text_file)),) * 2
        assert only(plan_of(data=twice), "twice").severity is Severity.ERROR

    def test_many_skipped_rows_ask_whether_it_is_the_right_file(
        self, plan_of: PlanOf, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text('{"text": "good"}\n' * 300 + "{\n" * 100)
        plan = plan_of(data=(DataFile(path=str(path)),), budget=Budget(steps=500))
        assert "100 of 400 rows" in only(plan, "many_skipped").sentence
        assert plan.can_start

    @pytest.mark.parametrize(("rows", "code"), [(9, "no_heldout"), (50, "few_heldout")])
    def test_little_data_leaves_little_to_hold_out(
        self, plan_of: PlanOf, tmp_path: Path, rows: int, code: str
    ) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text("".join(f'{{"text": "document {n}"}}\n' for n in range(rows)))
        plan = plan_of(data=(DataFile(path=str(path)),), budget=Budget(steps=500))
        assert only(plan, code).severity is Severity.WARNING

    def test_training_file_as_held_out_file_is_a_warning(self, plan_of: PlanOf, text_file: Path) -> None:
        plan = plan_of(val_data=str(text_file), budget=Budget(steps=500))
        assert only(plan, "same_file").severity is Severity.WARNING
        assert plan.verdict is Severity.WARNING

    def test_a_bad_held_out_file_forbids_to_start(self, plan_of: PlanOf, tmp_path: Path) -> None:
        assert not plan_of(val_data=str(tmp_path / "gone.jsonl")).can_start


class TestMachine:
    def test_a_model_that_never_fits_is_an_error(self, plan_of: PlanOf) -> None:
        small = Situation(devices=(device(memory_bytes=GB // 4, free_bytes=GB // 4),))
        found = only(plan_of(situation=small, preset="minimind2"), "no_memory")
        assert (found.step, found.field, found.severity) == (Step.MODEL, "model", Severity.ERROR)
        assert "RTX 3060" in found.sentence

    def test_memory_held_by_others_is_a_warning(self, plan_of: PlanOf) -> None:
        busy = Situation(devices=(device(free_bytes=GB // 20),))
        plan = plan_of(situation=busy, budget=Budget(steps=500))
        assert only(plan, "tight_memory").severity is Severity.WARNING

    def test_a_micro_batch_that_is_too_big_is_mended_where_it_was_set(self, plan_of: PlanOf) -> None:
        settings = {"micro_batch": 4096, "tokens_per_step": 1 << 22}
        plan = plan_of(situation=Situation(devices=(device(),)), settings=settings, preset="minimind2")
        found = only(plan, "no_memory")
        assert (found.step, found.field) == (Step.SETTINGS, "micro_batch")

    def test_too_little_disk(self, plan_of: PlanOf) -> None:
        full = Situation(devices=(device(),), disk_free_bytes=10_000_000)
        found = only(plan_of(situation=full), "no_disk")
        assert (found.step, found.severity) == (Step.REVIEW, Severity.ERROR)
        assert found.sentence.startswith("Only 10 MB of disk is left; this run needs up to ")

    def test_what_is_to_stay_free_counts_as_taken(self, plan_of: PlanOf) -> None:
        need = plan_of(situation=Situation(devices=(device(),))).estimate().disk_bytes
        room = {"devices": (device(),), "disk_free_bytes": need + 1_000_000_000}
        fits = plan_of(situation=Situation(**room, disk_floor_bytes=1_000_000_000))
        assert [problem for problem in fits.problems() if problem.code == "no_disk"] == []
        tight = plan_of(situation=Situation(**room, disk_floor_bytes=1_000_000_001))
        assert only(tight, "no_disk").sentence.endswith("and 1.0 GB stay free.")


class TestCheckpoints:
    def point(self, **changes: Any) -> StartPoint:
        from minimind.presets import PRESETS

        fields: dict[str, Any] = {
            "run_id": "r1",
            "name": "first",
            "method": "pretrain",
            "folder": Path("/runs/r1"),
            "step": 900,
            "config": PRESETS["mini"].config,
        }
        return StartPoint(**fields | changes)

    def plan(self, plan_of: PlanOf, **changes: Any) -> RunPlan:
        situation = Situation(devices=(device(),), start_points={"r1": self.point(**changes)})
        return plan_of(situation=situation, preset=None, checkpoint="r1", budget=Budget(steps=500))

    def test_a_run_to_go_on_from(self, plan_of: PlanOf) -> None:
        plan = self.plan(plan_of)
        assert plan.problems() == []
        assert plan.to_job("x").model.checkpoint == "/runs/r1"

    def test_a_checkpoint_that_cannot_be_read_says_why(self, plan_of: PlanOf) -> None:
        plan = self.plan(plan_of, config=None, fault="config.json: dim is missing")
        assert only(plan, "bad_checkpoint").sentence == "config.json: dim is missing"

    def test_a_sequence_longer_than_the_model_places(self, plan_of: PlanOf) -> None:
        from minimind.presets import PRESETS

        short = dataclasses.replace(PRESETS["mini"].config, max_positions=128)
        plan = dataclasses.replace(
            self.plan(plan_of, config=short),
            choices=dataclasses.replace(self.plan(plan_of).choices, settings={"seq_len": 512}),
        )
        assert only(plan, "bad_setting").action == "Sequence length: at most 128"

    def test_tuning_a_model_that_learned_nothing_is_a_warning(self, plan_of: PlanOf, chat_rows: Path) -> None:
        plan = plan_of(method="sft", data=(DataFile(path=str(chat_rows)),), budget=Budget(steps=500))
        assert only(plan, "untrained").severity is Severity.WARNING
        assert plan.can_start


def test_the_first_obstacle_is_that_of_the_first_step(plan_of: PlanOf) -> None:
    plan = plan_of(preset=None, data=(), settings={"lr": 3.0})
    assert plan.first_obstacle is not None
    assert plan.first_obstacle.code == "no_model"
    assert [problem.step for problem in plan.problems()] == [Step.MODEL, Step.DATA, Step.SETTINGS]


def test_every_sentence_is_translated(plan_of: PlanOf, tmp_path: Path) -> None:
    set_language("zh")
    plans = [
        plan_of(method=None, preset=None, data=()),
        plan_of(method="x", preset="x", device="cuda:9", settings={"lr": 3.0, "warp": 1}),
        plan_of(budget=Budget(steps=1), val_data=str(tmp_path / "无.jsonl"), seed=-1),
    ]
    for problem in (problem for plan in plans for problem in plan.problems()):
        assert any("一" <= letter <= "鿿" for letter in problem.action), problem
        assert any("一" <= letter <= "鿿" for letter in problem.sentence), problem
        assert problem.sentence[-1] in "。？", problem
