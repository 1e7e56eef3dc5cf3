from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minimind.device import Device
from minimind.job import Budget, DataFile, JobSpec
from minimind.methods import METHODS, Needs
from minimind.options import build
from studio.planning.choices import Choices
from studio.planning.data_check import check_file
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation

GB = 2**30
PlanOf = Callable[..., RunPlan]


def card(**changes: Any) -> Device:
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


def test_a_complete_plan_has_every_figure(plan_of: PlanOf) -> None:
    plan = plan_of()
    found = plan.estimate()
    assert plan.can_start
    assert found is not None
    assert found.parameters == 5_868_800
    assert found.steps is not None
    assert found.tokens is not None
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.peak_memory_bytes == sum(found.memory.values()) > 4 * found.parameters
    assert found.passes == pytest.approx(1.0, abs=0.1)
    assert found.tokens_per_parameter == pytest.approx(found.tokens / found.parameters)
    assert found.disk_bytes >= found.checkpoint_bytes * found.checkpoints
    assert found.micro_batches * found.resolved.micro_batch >= found.resolved.rows_per_step


def test_without_data_memory_and_disk_are_known_and_time_is_not(plan_of: PlanOf) -> None:
    found = plan_of(data=()).estimate()
    assert found is not None
    assert found.peak_memory_bytes > 0
    assert found.disk_bytes > 0
    assert (found.seconds, found.cost_cny, found.kwh) == (None, None, None)
    assert (found.steps, found.tokens, found.passes, found.tokens_per_parameter) == (None, None, None, None)


def test_without_data_a_given_length_still_tells_the_time(plan_of: PlanOf) -> None:
    minutes = plan_of(data=(), budget=Budget(minutes=3)).estimate()
    steps = plan_of(data=(), budget=Budget(steps=100)).estimate()
    assert minutes is not None
    assert steps is not None
    assert minutes.seconds == 180
    assert minutes.steps is None
    assert steps.steps == 100
    assert steps.seconds is not None
    assert steps.passes is None


def test_while_a_file_is_read_figures_are_open(plan_of: PlanOf) -> None:
    plan = plan_of()
    path = plan.choices.data[0].path
    reading = dataclasses.replace(plan.files[path], is_reading=True, facts=None)
    found = dataclasses.replace(plan, files={path: reading}).estimate()
    assert found is not None
    assert found.seconds is None


@pytest.mark.parametrize("missing", [{"method": None}, {"preset": None}, {"device": "cuda:3"}])
def test_no_estimate_without_method_model_or_device(plan_of: PlanOf, missing: dict[str, Any]) -> None:
    assert plan_of(**missing).estimate() is None


def test_weights_multiply_the_tokens_of_a_file(plan_of: PlanOf, text_file: Path) -> None:
    once = plan_of().estimate()
    twice = plan_of(data=(DataFile(path=str(text_file), weight=2.0),)).estimate()
    assert once is not None
    assert twice is not None
    assert once.tokens is not None
    assert twice.tokens is not None
    # a step is whole rows, so the ends differ by up to a step
    slack = once.resolved.tokens_per_step + twice.resolved.tokens_per_step
    assert twice.tokens == pytest.approx(2 * once.tokens, abs=2 * slack)


def test_a_held_out_file_leaves_all_documents_to_learn_from(plan_of: PlanOf, tmp_path: Path) -> None:
    held = tmp_path / "held.jsonl"
    held.write_text('{"text": "留出的一句话。"}\n' * 30, "utf-8")
    without, given = plan_of().data, plan_of(val_data=str(held)).data
    assert without is not None
    assert given is not None
    assert without.heldout_documents == 64
    assert given.heldout_documents == 30
    assert 0 < given.heldout_tokens < 30 * 30


def test_on_a_card_an_hour_costs_and_on_a_processor_electricity(plan_of: PlanOf) -> None:
    paid = Situation(devices=(card(),), cny_per_hour=2.0, cny_per_kwh=0.5)
    on_card = plan_of(situation=paid, budget=Budget(minutes=60)).estimate()
    at_home = plan_of(budget=Budget(minutes=60)).estimate()
    assert on_card is not None
    assert at_home is not None
    assert on_card.cost_cny == pytest.approx(2.0)
    assert at_home.kwh is not None
    assert at_home.cost_cny == pytest.approx(0.6 * at_home.kwh)


def test_the_job_is_what_was_chosen_and_nothing_more(
    plan_of: PlanOf, text_file: Path, tmp_path: Path
) -> None:
    plan = plan_of(settings={"lr": 3e-4}, budget=Budget(epochs=2), seed=7, device="cpu")
    job = plan.to_job("20261124-1530-pretrain-mini-3f2a")
    assert job.method == "pretrain"
    assert (job.model.preset, job.model.checkpoint) == ("mini", None)
    assert job.data == (DataFile(path=str(text_file)),)
    assert job.settings == {"lr": 3e-4}
    assert job.budget == Budget(epochs=2)
    assert job.hardware.device == "cpu"
    assert job.seed == 7
    job.save(tmp_path / "job.json")
    assert JobSpec.load(tmp_path / "job.json") == job
    build(METHODS[job.method].settings, job.settings)


def test_a_run_id_says_method_and_model_and_is_never_the_same(plan_of: PlanOf) -> None:
    first, second = plan_of().new_run_id(), plan_of().new_run_id()
    assert "pretrain-mini" in first
    assert first != second


def test_changed_settings_count_what_is_not_automatic(plan_of: PlanOf) -> None:
    assert plan_of().changed_settings == 0
    changed = plan_of(settings={"lr": 1e-3, "clip": 0.5}, budget=Budget(steps=9), seed=1)
    assert changed.changed_settings == 4
    # clip is an advanced option, the seed is shown with all settings only
    assert changed.hidden_changes() == 2


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_can_be_planned(method: str, plan_of: PlanOf, tmp_path: Path) -> None:
    chat = tmp_path / "chat.jsonl"
    row = (
        '{"conversations": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "好。"}]}\n'
    )
    chat.write_text(row * 400, "utf-8")
    data = {Needs.CHAT: (DataFile(path=str(chat)),)}
    needs = METHODS[method].needs
    plan = plan_of(method=method, **({"data": data[needs]} if needs in data else {}))
    assert plan.can_start
    found = plan.estimate()
    assert found is not None
    assert math.isfinite(found.seconds or math.nan)


def test_the_same_look_at_the_data_as_the_command_line(plan_of: PlanOf, text_file: Path) -> None:
    """The wizard and `minimind plan` must not tell two stories about one file."""
    from minimind.assets import BUNDLED_TOKENIZER
    from minimind.data import facts
    from minimind.tokenizer.tokenizer import Tokenizer

    looked = facts.look(text_file, Tokenizer.load(BUNDLED_TOKENIZER), "text")
    data = facts.combine([(looked, 1.0)], seq_len=512, has_val_data=False)
    plan = plan_of()
    assert plan.data is not None
    ours = facts.combine(plan.data.looks, seq_len=512, has_val_data=False)
    assert ours.tokens == pytest.approx(data.tokens, rel=0.02)
    assert ours.mean_context == pytest.approx(data.mean_context, rel=0.1)


def test_the_check_of_a_real_file_agrees_with_counting_it(shared_data: Path) -> None:
    from minimind.assets import BUNDLED_TOKENIZER
    from minimind.data.formats import open_source
    from minimind.data.rows import Row
    from minimind.tokenizer.tokenizer import Tokenizer

    path = shared_data / "lora_medical.jsonl"
    found = check_file(str(path), Needs.CHAT)
    tokenizer = Tokenizer.load(BUNDLED_TOKENIZER)
    rows = [
        row.conversation for row in open_source(path, "chat") if isinstance(row, Row) and row.conversation
    ]
    counted = sum(len(getattr(chat, "ids", ())) for chat in tokenizer.encode_chats(rows))
    assert found.facts is not None
    assert found.facts.tokens == pytest.approx(counted, rel=0.02)


def test_an_empty_plan_is_no_crash() -> None:
    plan = RunPlan()
    assert plan.estimate() is None
    assert not plan.can_start
    assert plan.data is None
    assert plan.to_job("x").method == ""
    assert Choices() == plan.choices
