"""What the run page says and offers, without a window."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from minimind import text
from minimind.events import Event
from minimind.job import Budget
from minimind.run_state import RunState
from studio.store.records import Checkpoint, HardwareLanes, PhaseSpan, Problem, Run
from studio.ui.run import actions, confirm_dialog, failure, machine, metrics, plot_marks, request, rows, words
from studio.ui.run.plot_options import PlotOptions
from tests.studio.ui.fake_runs import LOG, T0, failed_run, lost_run, make_job, make_run


@pytest.fixture(autouse=True)
def _english() -> None:
    text.set_language("en")


def event(kind: str, **fields: object) -> Event:
    return Event(kind=kind, seq=1, t=T0, fields=dict(fields))


class TestProgress:
    def test_running(self) -> None:
        fake = make_run()
        found = words.progress(fake.record, fake.phases, now=lambda: T0)
        assert found.current == "train"
        assert found.phases == ("prepare", "compile", "train", "evaluate", "save")
        assert found.seconds == {"prepare": 38.0, "compile": 21.0}
        assert found.share == pytest.approx(0.62)
        assert found.step == "step 2,480 of 4,000"
        assert found.left == "about 9 min left"
        assert found.end.startswith("done at ")
        assert found.strong == ("2,480", "9 min")

    def test_an_end_on_another_day_has_its_date(self) -> None:
        record = dataclasses.replace(make_run().record, eta_s=40 * 86_400.0)
        found = words.progress(record, [], now=lambda: T0)
        assert re.fullmatch(r"done on (\d+ [A-Z][a-z]{2}|\d{4}-\d\d-\d\d), \d\d:\d\d", found.end)

    def test_no_guess_in_the_first_steps_of_an_attempt(self) -> None:
        fake = make_run(step=12, eta_s=500.0)
        assert words.progress(fake.record, []).left == "estimating…"
        later = dataclasses.replace(make_run(step=100).record, from_step=90, eta_s=500.0)
        assert words.progress(later, []).left == "estimating…"

    def test_starting_shows_how_far_its_phase_is(self) -> None:
        found = words.progress(make_run(RunState.STARTING, step=0).record, [])
        assert (found.current, found.note, found.share) == ("prepare", "31%", 0.31)
        assert "compile" not in found.phases
        assert (found.step, found.left, found.end) == ("", "", "")

    def test_an_evaluation_on_the_way_is_part_of_training(self) -> None:
        run = dataclasses.replace(make_run().record, phase="evaluate", phase_done=3.0, phase_total=10.0)
        found = words.progress(run, [])
        assert (found.current, found.note) == ("train", "· Evaluate")
        at_the_end = dataclasses.replace(run, step=4000)
        assert words.progress(at_the_end, []).current == "evaluate"

    def test_a_run_of_minutes_counts_time_until_its_length_is_known(self) -> None:
        run = make_run(total=None, wall_s=90.0).record
        found = words.progress(run, [], job=make_job("r", budget=Budget(minutes=3)))
        assert found.share == 0.5
        assert found.step == "step 2,480"

    def test_old_attempts_are_left_out(self) -> None:
        spans = [
            PhaseSpan(attempt=1, phase="prepare", began=T0, ended=T0 + 100),
            PhaseSpan(attempt=2, phase="prepare", began=T0 + 200, ended=T0 + 205),
        ]
        run = dataclasses.replace(make_run().record, attempt=2)
        assert words.progress(run, spans).seconds == {"prepare": 5.0}

    @pytest.mark.parametrize("state", list(RunState))
    def test_every_state_can_be_said(self, state: RunState) -> None:
        run = make_run(state, step=0 if state is RunState.QUEUED else 100).record
        found = words.progress(run, [])
        assert (found.current is None) == (not state.is_active)
        assert isinstance(words.state_line(run, [run], 3.0, stuck=False), str)


class TestFigures:
    def test_five_and_what_they_mean(self) -> None:
        fake = make_run()
        costs = words.spent(fake.record, on_card=True, watts=300.0, per_hour=1.3, per_kwh=0.6)
        loss, held, speed, tokens, cost = words.figures(fake.record, fake.job, costs)
        assert loss.sub == "a 1-in-11 guess"
        assert held.sub == "best, at step 2,400"
        assert (speed.number, speed.unit, speed.sub) == ("182", "k tok/s", "0.36 s a step")
        assert (tokens.number, tokens.unit, tokens.sub) == ("161", "M", "65k a step")
        assert cost.number == "¥0.34"
        assert cost.sub == "0.08 kWh"

    def test_passes_where_the_job_counts_them(self) -> None:
        fake = make_run()
        job = make_job("r", budget=Budget(epochs=2))
        tokens = words.figures(fake.record, job, words.Spent())[3]
        assert tokens.sub == "1.24 passes"
        half = dataclasses.replace(fake.record, step=660)
        assert words.figures(half, job, words.Spent())[3].sub == "0.33 of one pass"

    def test_what_is_not_known_is_a_dash_and_says_why(self) -> None:
        run = make_run(RunState.STARTING, step=0).record
        for figure in words.figures(run, None, words.Spent()):
            assert figure.number == "—"
        assert words.figures(run, None, words.Spent())[0].hint == "not measured yet"

    def test_a_processor_is_paid_by_its_electricity(self) -> None:
        run = make_run(wall_s=36_000.0).record
        costs = words.spent(run, on_card=False, watts=None, per_hour=1.3, per_kwh=0.6)
        assert costs.kwh == pytest.approx(1.0)
        assert costs.yuan == pytest.approx(0.6)


class TestSentences:
    def test_meta(self) -> None:
        fake = make_run()
        assert words.meta(fake.record, fake.job).startswith(
            "Pretrain · minimind2-small, 25.8M parameters · pretrain_hq.jsonl · RTX 3090 · started "
        )
        assert "parameters" not in words.meta(fake.record, fake.job, compact=True)
        ended = make_run(RunState.STOPPED, attempt=2).record
        assert words.times(ended).endswith(", attempt 2")

    def test_the_queue(self) -> None:
        before = make_run(run_id="a").record
        waiting = make_run(RunState.QUEUED, step=0, queue_position=2, run_id="b").record
        line = words.state_line(waiting, [before, waiting], 0.0, stuck=False)
        assert line == "No. 2 in the queue, about 9 min before it starts."
        lone = dataclasses.replace(waiting, queue_position=1)
        assert words.state_line(lone, [lone], 0.0, stuck=False) == "No. 1 in the queue; it starts by itself."
        out = dataclasses.replace(waiting, queue_position=None)
        assert words.state_line(out, [], 0.0, stuck=False) == "Not in the queue."

    def test_finished(self) -> None:
        run = make_run(RunState.FINISHED, step=4000).record
        costs = words.Spent(yuan=0.54)
        assert words.finished_line(run, costs) == "It is trained: held-out loss 2.44, took 25 min, ¥0.54."

    def test_an_unknown_method_is_shown_as_it_is(self) -> None:
        assert words.method_title("telepathy") == "telepathy"
        assert not words.speaks_in_turns("telepathy")
        assert words.speaks_in_turns("sft")


class TestRows:
    def test_events_newest_first_with_only_new_bests(self) -> None:
        fake = make_run(step=600)
        found = rows.event_rows(fake.events, fake.checkpoints)
        assert [row.title for row in found] == [
            "New best",
            "Checkpoint",
            "New best",
            "New best",
            "Training began",
        ]
        assert found[1].detail == "step 500 · 311 MB"
        assert found[-1].detail == "25.8M parameters · RTX 3090"
        assert found[0].step == 600

    def test_a_worse_evaluation_is_no_news(self) -> None:
        values = [3.0, 2.0, 2.5, None, 1.9]
        events = [event("eval", step=at, val_loss=value) for at, value in enumerate(values)]
        assert [row.detail for row in rows.event_rows(events, [])] == [
            "held-out loss 2.00 → 1.90",
            "held-out loss 3.00 → 2.00",
        ]

    def test_every_kind_and_what_this_version_does_not_know(self) -> None:
        events = [
            event("start", attempt=2, from_step=1500, device="CPU"),
            event("schedule", decay_from=900, total_steps=1500),
            event("control", id="x", action="pause"),
            event("control", id="y", action="dance"),
            event("warning", code="cut_conversations", params={"count": 12, "seq_len": 512}, message="m"),
            event("warning", code="of_the_future", params=None, message="The moon is full."),
            event("sample", step=3, prompt="a", text="b"),
            event("done", status="stopped", step=9),
            event("done", status="failed", step=9),
        ]
        found = rows.event_rows(events, [])
        assert [row.title for row in found] == [
            "Stopped",
            "Advice",
            "Conversations cut",
            "Paused",
            "Length decided",
            "Resumed",
        ]
        assert found[1].detail == "The moon is full."
        assert found[1].token == "warning"
        assert found[2].detail == "12 conversations are longer than 512 tokens and were cut at a turn."

    def test_checkpoints(self) -> None:
        found = rows.checkpoint_rows(make_run(step=1000).checkpoints)
        assert [row.title for row in found] == ["step 1,000", "step 500"]
        assert found[0].badges == ("best", "newest")
        assert found[0].path.endswith("step-00001000")

    def test_every_code_with_a_title_is_a_code(self) -> None:
        from minimind.messages import MESSAGES

        assert set(rows._TITLES) <= set(MESSAGES)


class TestFailure:
    def test_out_of_memory_is_mended_by_half_the_micro_batch(self) -> None:
        fake = failed_run()
        found = failure.failure(fake.record, fake.job, fake.checkpoints, fake.log)
        assert found is not None
        assert found.tone == "danger"
        assert found.title == "Memory ran out at step 1,842."
        assert found.safe == "Nothing is lost: the last checkpoint is step 1,500."
        assert found.mending.text == "Resume from step 1,500 with micro-batch 16"
        assert found.mending.overrides == {"micro_batch": 16}
        assert found.unchanged is not None
        assert found.log == LOG
        assert found.cause == 3

    def test_the_event_knows_the_micro_batch_better_than_the_job(self) -> None:
        fake = failed_run()
        params = {"step": 1842, "checkpoint": 1500, "micro_batch": 8}
        run = dataclasses.replace(fake.record, error=Problem(code="out_of_memory", params=params))
        found = failure.failure(run, fake.job, [], [])
        assert found is not None
        assert found.mending.overrides == {"micro_batch": 4}

    def test_without_a_checkpoint_nothing_is_called_safe(self) -> None:
        fake = failed_run()
        run = dataclasses.replace(
            fake.record,
            checkpoints=(),
            last_checkpoint=None,
            error=Problem(code="out_of_memory", params={"step": 12, "checkpoint": 0}, message="…"),
        )
        found = failure.failure(run, make_job("r", settings={}), [], [])
        assert found is not None
        assert "lost" not in found.safe.replace("There was no checkpoint yet", "")
        assert found.mending.text == "Start again"
        assert found.unchanged is None

    def test_nan_is_mended_by_a_branch(self) -> None:
        fake = make_run(
            RunState.FAILED, error=Problem(code="non_finite", params={"step": 912}, message="NaN")
        )
        found = failure.failure(fake.record, fake.job, fake.checkpoints, [])
        assert found is not None
        assert (found.mending.kind, found.mending.settings) == ("branch", {"lr": 1.5e-4})
        branched = failure.branch(fake.record, fake.job, found.mending.settings)
        assert branched["checkpoint"] == fake.record.run_id
        assert branched["settings"]["lr"] == 1.5e-4
        assert branched["settings"]["micro_batch"] == 32
        assert "preset" not in branched

    def test_a_lost_run_is_a_warning_and_resumes_in_one_way(self) -> None:
        fake = lost_run()
        found = failure.failure(fake.record, fake.job, fake.checkpoints, list(LOG[:2]))
        assert found is not None
        assert found.tone == "warning"
        assert found.title.startswith("The process vanished after step 1,330, perhaps a power cut")
        assert found.safe == "Nothing is lost: the last checkpoint is step 1,000."
        assert found.mending.text == "Resume from step 1,000"
        assert found.unchanged is None
        assert found.cause is None

    def test_advice_that_says_more_than_the_button_is_shown(self) -> None:
        fake = lost_run(error=Problem(code="lost_killed", params={"step": 1330, "signal": 9}))
        found = failure.failure(fake.record, fake.job, fake.checkpoints, [])
        assert found is not None
        assert found.title.startswith("The process was killed after step 1,330 (signal 9)")
        assert found.safe.endswith("with a smaller micro-batch if memory is short.")
        nothing = dataclasses.replace(fake.record, checkpoints=(), last_checkpoint=None)
        found = failure.failure(nothing, fake.job, [], [])
        assert found is not None
        assert found.safe == "There was no checkpoint yet; it begins again."

    def test_a_failure_without_a_word(self) -> None:
        fake = make_run(RunState.FAILED)
        found = failure.failure(fake.record, None, [], [])
        assert found is not None
        assert found.title == "The run ended and nobody says why."

    @pytest.mark.parametrize("state", [s for s in RunState if s not in (RunState.FAILED, RunState.LOST)])
    def test_no_other_state_has_a_panel(self, state: RunState) -> None:
        fake = make_run(state, step=10)
        assert failure.failure(fake.record, fake.job, [], []) is None

    def test_a_sentence_is_split_at_its_end_and_not_in_a_number(self) -> None:
        assert failure._split("Step 1,842.5 of a.jsonl. Then more.") == (
            "Step 1,842.5 of a.jsonl.",
            "Then more.",
        )
        assert failure._split("第 1,842 步用完了。没有丢东西。") == ("第 1,842 步用完了。", "没有丢东西。")
        assert failure._split("One sentence") == ("One sentence", "")

    def test_the_report_has_the_facts_and_the_end_of_the_log(self) -> None:
        fake = failed_run()
        found = failure.failure(fake.record, fake.job, fake.checkpoints, fake.log)
        report = failure.report(fake.record, found, fake.log)
        assert "code: out_of_memory" in report
        assert "torch.OutOfMemoryError" in report

    @pytest.mark.parametrize(
        ("saved", "step", "says"),
        [
            (None, 0, "nothing is lost"),
            (None, 30, "all 30 steps"),
            (500, 500, "nothing"),
            (500, 501, "1 step "),
        ],
    )
    def test_what_force_costs(self, saved: int | None, step: int, says: str) -> None:
        run = dataclasses.replace(make_run(step=600).record, step=step, last_checkpoint=saved)
        assert says in confirm_dialog.lost_by_force(run)


class TestActions:
    @pytest.mark.parametrize("state", list(RunState))
    def test_at_most_three_buttons_and_one_filled(self, state: RunState) -> None:
        for run in (make_run(state).record, make_run(state, step=3).record):
            offered = actions.actions(run)
            keys = [action.key for action in offered.buttons]
            assert len(keys) <= 3
            assert not offered.primary or offered.primary in keys
            assert all(action.hint for action in (*offered.buttons, *offered.menu) if not action.enabled)

    def test_chat_says_when_it_will_be_possible(self) -> None:
        run = make_run(step=100).record
        chat = actions.actions(run, next_save=500).buttons[-1]
        assert (chat.key, chat.enabled) == ("chat", False)
        assert chat.hint == "You can chat once step 500 is saved"

    def test_force_only_for_a_stuck_run(self) -> None:
        run = make_run(RunState.STOPPING).record
        assert not actions.actions(run).buttons
        assert [a.key for a in actions.actions(run, stuck=True).buttons] == ["force"]

    def test_an_active_run_cannot_be_thrown_away(self) -> None:
        trash = actions.actions(make_run().record).menu[-1]
        assert (trash.key, trash.enabled) == ("trash", False)
        assert actions.actions(make_run(RunState.STOPPED).record).menu[-1].enabled


class TestMarks:
    def test_the_end_of_a_failed_run_goes_through_the_lanes(self) -> None:
        fake = failed_run()
        end = plot_marks.marks(fake.record, fake.events, float)[-1]
        assert (end.x, end.tone, end.through) == (1842.0, "danger", True)
        assert end.text == "Memory ran out, step 1,842"

    def test_attempts_and_warnings(self) -> None:
        events = [
            event("start", attempt=1, from_step=0),
            event("warning", code="non_finite", params={"step": 912}, message="NaN"),
            event("warning", code="no_heldout", params={}, message="none"),
            event("start", attempt=2, from_step=900),
        ]
        found = plot_marks.marks(make_run().record, events, float)
        assert [(mark.x, mark.tone, mark.dotted) for mark in found] == [
            (912.0, "warning", False),
            (900.0, "text3", True),
        ]

    def test_places_that_are_not_known_yet_are_left_out(self) -> None:
        assert plot_marks.marks(failed_run().record, [], lambda _step: None) == []

    def test_bands_where_no_step_was_made(self) -> None:
        fake = make_run()
        fake.phases.append(PhaseSpan(attempt=1, phase="paused", began=T0 + 100, ended=T0 + 160))
        fake.phases.append(PhaseSpan(attempt=2, phase="prepare", began=T0 + 5000, ended=T0 + 5010))
        found = plot_marks.bands(fake.record, fake.phases)
        assert [(round(band.lo), round(band.hi), band.text) for band in found][:2] == [
            (0, 38, "Prepare data"),
            (38, 59, "Compile"),
        ]
        assert (100, 160, "Paused") in [(band.lo, band.hi, band.text) for band in found]
        assert found[-1].text == "Between attempts"
        assert found[-1].hi == 5000


class TestMachine:
    def lanes(self, **values: float) -> HardwareLanes:
        return HardwareLanes(x=np.arange(3.0), lanes={name: np.full(3, v) for name, v in values.items()})

    def test_without_a_card_processor_and_memory(self) -> None:
        found = self.lanes(cpu_percent=80, ram_used_bytes=5e9, ram_total_bytes=16e9)
        assert not machine.has_card(found)
        assert [(lane.text, lane.low, lane.high) for lane in machine.lanes(found, 4)] == [
            ("CPU", 0, 100),
            ("RAM", 0, 16e9),
        ]

    def test_what_the_driver_does_not_say_has_no_lane(self) -> None:
        found = self.lanes(
            **{"gpu0.utilisation_percent": 90, "gpu0.power_w": 100, "gpu0.temperature_c": np.nan}
        )
        shown = machine.lanes(found, 4)
        assert [lane.text for lane in shown] == ["GPU", "Power"]
        assert shown[1].high == 350
        assert machine.values(shown, lambda name: None)["gpu0.power_w"] == "—"

    def test_memory_comes_first_when_it_ran_out(self) -> None:
        found = self.lanes(**{"gpu0.utilisation_percent": 90, "gpu0.memory_used_bytes": 9e9})
        assert [lane.text for lane in machine.lanes(found, 2, memory_first=True)] == ["VRAM", "GPU"]

    @pytest.mark.parametrize(
        ("name", "card"),
        [
            ("NVIDIA GeForce RTX 3090", True),
            ("NVIDIA A100-SXM4-80GB", True),
            ("Tesla T4", True),
            ("AMD EPYC 7763 64-Core Processor", False),
            ("Intel(R) Xeon(R) CPU @ 2.20GHz", False),
            ("CPU", False),
            ("Apple M2", False),
        ],
    )
    def test_names_of_cards(self, name: str, card: bool) -> None:
        assert machine.is_card(name) is card


class TestRequest:
    def test_rows_mark_what_differs_from_the_default(self) -> None:
        found = {row.label: row for row in request.setting_rows(make_job("r"))}
        assert found["Learning rate"].changed
        assert found["Learning rate"].value == "3e-4"
        assert not found["Sequence length"].changed
        assert found["Sequence length"].value == "automatic"
        assert found["Length"].value == "4,000 steps"
        assert found["Data"].value == "pretrain_hq.jsonl"


def test_time_on_an_axis_and_the_next_axis() -> None:
    assert [metrics.clock(s) for s in (0, 59.6, 3599, 3600)] == ["0:00", "1:00", "59:59", "1:00:00"]
    assert [metrics.next_axis(key) for key in ("step", "tokens", "time")] == ["tokens", "time", "step"]


def test_remembered_options_survive_damage() -> None:
    assert PlotOptions.from_dict({"smoothing": 9999, "y_log": True}) == PlotOptions(smoothing=500, y_log=True)
    assert PlotOptions.from_dict({"smoothing": "x", "cut": 1}) == PlotOptions()
    assert PlotOptions.from_dict(None) == PlotOptions()
    chosen = PlotOptions(smoothing=64, x_log=True)
    assert PlotOptions.from_dict(chosen.to_dict()) == chosen


def test_checkpoint_without_a_known_loss() -> None:
    from pathlib import Path

    row = rows.checkpoint_rows([Checkpoint(step=5, path=Path("/x"), size_bytes=10)])[0]
    assert row.detail == "10 B"
    assert row.badges == ()


def pipeline(state: RunState) -> Run:
    return dataclasses.replace(make_run(state).record, kind="pipeline", checkpoints=(), last_checkpoint=None)


class TestPipelines:
    def test_its_buttons_are_those_of_a_training_that_goes_on(self) -> None:
        def keys(state: RunState) -> list[str]:
            return [action.key for action in actions.actions(pipeline(state)).buttons]

        assert keys(RunState.RUNNING) == ["pause", "stop", "chat"]
        assert keys(RunState.PAUSED) == ["stop", "go_on"]
        assert keys(RunState.STOPPED) == ["resume"]
        assert keys(RunState.LOST) == ["resume"]
        assert keys(RunState.FINISHED) == ["export", "chat"]

    def test_it_resumes_and_does_not_start_again(self) -> None:
        stopped = actions.actions(pipeline(RunState.STOPPED))
        assert stopped.buttons[0].text == "Resume"
        assert "branch" not in [action.key for action in stopped.menu]

    def test_what_it_made_can_be_talked_to_when_it_is_finished(self) -> None:
        finished = actions.actions(pipeline(RunState.FINISHED))
        assert finished.buttons[-1].enabled
