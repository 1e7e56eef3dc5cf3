"""The run page in every state, by mouse and keyboard, live."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from minimind.run_state import RunState
from studio.store.records import Problem, Sample
from studio.ui.pages.run_page import RunPage
from studio.ui.plot.smoothing import smooth
from studio.ui.run.confirm_dialog import ConfirmDialog
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_runs import FakeRun, FakeRunService, failed_run, lost_run, make_run
from tests.studio.ui.page_kit import Kit, delete, drag, mouse, wheel

SIZES = {"compact": (968, 612), "normal": (1240, 872), "wide": (1720, 1052)}
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Scene:
    """A page with one run, and a clock that a test moves."""

    def __init__(self, qtbot: QtBot, kit: Kit) -> None:
        self.qtbot, self.kit = qtbot, kit
        self.runs = FakeRunService()
        self.now = 1000.0
        self.page = RunPage(
            kit.appearance,
            kit.navigator,
            self.runs,
            kit.memory,
            kit.preferences,
            monotonic=lambda: self.now,
        )
        self.run_id = ""

    def show(self, fake: FakeRun, size: str = "normal") -> RunPage:
        self.run_id = self.runs.put(fake)
        self.page.resize(*SIZES[size])
        self.page.set_compact(size == "compact")
        self.page.show()
        self.qtbot.waitExposed(self.page)
        self.page.opened({"run_id": self.run_id})
        self.settle()
        return self.page

    def settle(self) -> None:
        """Answers arrive, layouts settle."""
        for _ in range(6):
            QApplication.processEvents()

    def change(self, **fields: object) -> None:
        self.runs.change(self.run_id, **fields)
        self.page.refresh()
        self.settle()

    def buttons(self) -> list[str]:
        layout = self.page.header._actions
        found = [layout.itemAt(i).widget() for i in range(layout.count())]
        return [button.text() for button in found if button is not None and button.isVisible()]

    def press(self, key: str) -> None:
        button = self.page.header.button(key)
        assert button is not None, key
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def keys(self, key: Qt.Key | str, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        if isinstance(key, str):
            self.qtbot.keyClicks(self.page.body.plot.plot, key)
        else:
            self.qtbot.keyClick(self.page.body.plot.plot, key, modifier)
        self.settle()


@pytest.fixture
def kit(qapp: QApplication, tmp_path: Path) -> Kit:
    return Kit(qapp, tmp_path, language="en", theme="light")


@pytest.fixture
def scene(qtbot: QtBot, kit: Kit, qtlog: object, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    made = Scene(qtbot, kit)
    yield made
    delete(made.page)
    warnings = [r.message for r in qtlog.records if "This plugin" not in r.message]  # type: ignore[attr-defined]
    assert warnings == []
    # exceptions in paint events are printed, not raised
    assert "Traceback" not in capsys.readouterr().err


def state_run(state: str) -> FakeRun:
    if state == "failed":
        return failed_run()
    if state == "lost":
        return lost_run()
    if state == "queued":
        return make_run(RunState.QUEUED, step=0, queue_position=2)
    if state == "starting":
        return make_run(RunState.STARTING, step=0)
    if state == "early":
        return make_run(RunState.RUNNING, step=3)
    if state == "no card":
        return make_run(card=False)
    if state == "finished":
        return make_run(RunState.FINISHED, step=4000)
    return make_run(RunState(state))


def export_run(state: RunState) -> FakeRun:
    fake = make_run(state, step=0, run_id="export-1", name="Export")
    done = {"kind": "export", "method": "", "model": "", "wall_s": 12.0, "phase": "save"}
    fake.record = dataclasses.replace(fake.record, phase_done=40.0, phase_total=100.0, **done)  # type: ignore[arg-type]
    fake.job = dataclasses.replace(fake.job, kind="export", method="")
    return fake


STATES = [s.value for s in RunState] + ["early", "no card"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES)
def test_no_text_is_clipped_in_any_state(scene: Scene, state: str, size: str) -> None:
    page = scene.show(state_run(state), size)
    assert clipped(page) == []
    scene.kit.appearance.set(language_choice="zh", theme_choice="dark")
    scene.settle()
    assert clipped(page) == []


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.LOST])
@pytest.mark.parametrize("size", SIZES)
def test_the_note_on_a_missing_card_stands_below_lanes_only(scene: Scene, state: RunState, size: str) -> None:
    panel = scene.show(make_run(state, card=False), size).body.plot
    assert panel.note.isVisible() == bool(panel.plot.lanes.shown)
    assert panel.plot.geometry().bottom() <= panel.height()
    if panel.note.isVisible():
        assert panel.note.geometry().top() > panel.plot.geometry().bottom()


def test_no_text_is_clipped_with_larger_letters(scene: Scene) -> None:
    page = scene.show(make_run())
    scene.kit.appearance.set(text_size=130)
    scene.settle()
    assert clipped(page) == []
    scene.kit.appearance.set(text_size=100)


class TestStates:
    def test_running(self, scene: Scene) -> None:
        page = scene.show(make_run())
        assert scene.buttons() == ["Pause", "Stop and save", "Chat with it"]
        assert page.header.pill.text() == "Running"
        assert page.primary_action() is page.header.button("chat")
        assert page.progress.bar.value() == 620
        assert page.body.figures.blocks[0].number.text() == "2.43"
        assert page.body.samples.shown()[0].step == 2000
        assert [lane.text for lane in page.body.plot.plot.lanes.shown] == ["GPU", "VRAM", "Temp", "Power"]

    def test_before_the_first_checkpoint_there_is_nobody_to_chat_with(self, scene: Scene) -> None:
        page = scene.show(make_run(step=100))
        chat = page.header.button("chat")
        assert chat is not None
        assert not chat.isEnabled()
        assert "first checkpoint" in chat.toolTip()
        scene.runs.grow(scene.run_id, 500)
        page.refresh()
        assert chat.isEnabled()

    def test_starting_draws_the_planned_axis(self, scene: Scene) -> None:
        page = scene.show(state_run("starting"))
        plot = page.body.plot.plot
        assert plot.visible == (0, 4000)
        assert plot._message == "The curve appears here after the first step"
        assert plot._faint is not None
        assert plot._faint[0] == pytest.approx(8.764, abs=1e-3)
        assert page.progress.phases._note == "31%"

    def test_queued(self, scene: Scene) -> None:
        page = scene.show(state_run("queued"))
        assert page.progress.message.text().startswith("No. 2 in the queue")
        scene.press("stop")
        assert scene.runs.calls == [("stop", scene.run_id)]
        scene.change(queue_position=None)
        scene.press("go_on")
        assert scene.runs.calls[-1] == ("go_on", scene.run_id)

    def test_paused(self, scene: Scene) -> None:
        page = scene.show(make_run(RunState.PAUSED))
        assert page.progress.bar._tone == "warning"
        assert page.progress.message.text() == "Memory is still held; the process waits."
        assert scene.buttons() == ["Stop, save and free memory", "Continue"]
        scene.press("go_on")
        assert scene.runs.calls == [("go_on", scene.run_id)]

    def test_stopping_counts_seconds_and_offers_force_when_stuck(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = scene.show(make_run(RunState.STOPPING))
        assert page.progress.message.text() == "Saving… 0 s"
        assert scene.buttons() == []
        scene.now += 29
        page.refresh()
        assert page.progress.message.text() == "Saving… 29 s"
        assert scene.buttons() == []
        scene.change(phase="save", phase_done=3.0)
        scene.now += 29
        page.refresh()
        assert scene.buttons() == []
        scene.now += 2
        page.refresh()
        assert scene.buttons() == ["Force it to end"]
        answers = [0, 1]
        monkeypatch.setattr(ConfirmDialog, "exec", lambda _self: answers.pop(0))
        scene.press("force")
        assert scene.runs.calls == []
        scene.press("force")
        assert scene.runs.calls == [("force_end", scene.run_id)]

    def test_stopped(self, scene: Scene) -> None:
        page = scene.show(make_run(RunState.STOPPED))
        assert scene.buttons() == ["Chat with it", "Export…", "Resume"]
        assert page.progress.message.text() == "Stopped at step 2,480"
        scene.press("resume")
        assert scene.runs.calls == [("resume", scene.run_id, {})]
        scene.change(forced=True)
        assert page.progress.message.text() == "Stopped at step 2,480, ended by force"

    def test_finished(self, scene: Scene) -> None:
        page = scene.show(state_run("finished"))
        assert page.banner.message.text() == "It is trained: held-out loss 2.44, took 25 min, ¥0.54."
        assert page.progress.isHidden()
        assert page.body.plot.plot.visible == (0, 4000)
        tune = next(b for b in page.banner._buttons if b.text() == "Go on with chat tuning")
        with scene.qtbot.waitSignal(page.new_run_requested) as wanted:
            scene.qtbot.mouseClick(tune, Qt.MouseButton.LeftButton)
        assert wanted.args == [{"method": "sft", "checkpoint": scene.run_id}]
        with scene.qtbot.waitSignal(page.export_requested) as exported:
            scene.press("export")
        assert exported.args == [str(page.run.folder)]

    def test_failed_resumes_as_the_button_says(self, scene: Scene) -> None:
        page = scene.show(failed_run())
        panel = page.failure_panel
        assert panel.isVisible()
        assert page.progress.isHidden()
        assert page.primary_action() is panel.primary
        scene.qtbot.mouseClick(panel.primary, Qt.MouseButton.LeftButton)
        scene.qtbot.mouseClick(panel.second, Qt.MouseButton.LeftButton)
        assert scene.runs.calls == [
            ("resume", scene.run_id, {"micro_batch": 16}),
            ("resume", scene.run_id, {}),
        ]
        shown = [label.text() for label in panel._labels if label.isVisible()]
        assert len(shown) == 6
        assert panel._labels[3].property("tone") == "danger"

    def test_after_the_resume_the_panel_is_gone(self, scene: Scene) -> None:
        page = scene.show(failed_run())
        scene.change(state=RunState.STARTING, error=None, attempt=2, phase="prepare")
        assert page.failure_panel.isHidden()
        assert page.progress.isVisible()

    def test_the_report_and_the_whole_log(self, scene: Scene) -> None:
        page = scene.show(failed_run())
        page.failure_panel._copy.click()
        assert "out_of_memory" in QApplication.clipboard().text()
        assert scene.kit.toasts[-1].text == "The report is copied"
        page.failure_panel._open_log.click()
        assert page.body.side_tabs.current() == "log"
        scene.settle()
        assert page.body.log.shown()[0].startswith("15:42:10")

    def test_nan_opens_the_wizard_with_half_the_rate(self, scene: Scene) -> None:
        error = Problem(code="non_finite", params={"step": 912}, message="NaN")
        page = scene.show(make_run(RunState.FAILED, error=error))
        assert page.failure_panel.primary.text() == "Branch with half the rate"
        with scene.qtbot.waitSignal(page.new_run_requested) as wanted:
            scene.qtbot.mouseClick(page.failure_panel.primary, Qt.MouseButton.LeftButton)
        assert wanted.args[0]["settings"]["lr"] == 1.5e-4

    def test_lost(self, scene: Scene) -> None:
        page = scene.show(lost_run())
        assert page.failure_panel.property("card") == "warning"
        scene.qtbot.keyClick(page.failure_panel.primary, Qt.Key.Key_Space)
        assert scene.runs.calls == [("resume", scene.run_id, {})]

    def test_without_a_card_processor_and_memory_with_one_line(self, scene: Scene) -> None:
        page = scene.show(make_run(card=False))
        assert [lane.text for lane in page.body.plot.plot.lanes.shown] == ["CPU", "RAM"]
        assert page.body.plot.note.isVisible()

    def test_an_export_has_events_and_log_and_no_curve(self, scene: Scene) -> None:
        page = scene.show(export_run(RunState.RUNNING))
        assert page.body.side_tabs.held() == ["log", "events"]
        assert page.body.figures.isHidden()
        assert not page.body.plot.isVisible()
        assert scene.buttons() == ["Stop"]
        assert page.progress.bar.value() == 400
        scene.change(state=RunState.FINISHED, result={"path": "/out/m.gguf", "size_bytes": 27_700_000})
        assert page.banner.message.text() == "Done: /out/m.gguf, 27.7 MB, took 12 s."
        assert page.banner._buttons == []
        assert clipped(page) == []

    def test_a_run_after_an_export_has_everything_again(self, scene: Scene) -> None:
        page = scene.show(export_run(RunState.RUNNING))
        scene.show(make_run())
        assert page.body.plot.isVisible()
        assert page.body.figures.isVisible()
        assert page.body.samples.isVisible()

    def test_a_run_that_is_gone(self, scene: Scene) -> None:
        scene.show(make_run())
        del scene.runs.fakes[scene.run_id]
        scene.page.refresh()
        assert scene.page.missing.isVisible()
        assert scene.page.header.isHidden()
        scene.qtbot.mouseClick(scene.page.missing.button, Qt.MouseButton.LeftButton)
        assert scene.kit.pages == [("runs", {})]

    def test_opened_before_the_runs_are_read(self, scene: Scene) -> None:
        page = scene.page
        page.resize(*SIZES["normal"])
        page.show()
        fake = make_run()
        page.opened({"run_id": fake.record.run_id})
        assert page.missing.isVisible()
        scene.runs.fakes[fake.record.run_id] = fake
        scene.runs.ready.emit()
        scene.settle()
        assert page.header.isVisible()
        assert page.body.plot.feed.curve.x[-1] == 2480


class TestKeys:
    def test_pause_stop_save_sample(self, scene: Scene) -> None:
        scene.show(make_run())
        ctrl, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        scene.keys(Qt.Key.Key_P, ctrl | shift)
        scene.keys(Qt.Key.Key_S, ctrl)
        scene.keys("g")
        scene.keys("g")
        scene.keys(Qt.Key.Key_Period, ctrl)
        names = [call[0] for call in scene.runs.calls]
        assert names == ["pause", "save", "sample", "stop"]
        scene.change(state=RunState.PAUSED)
        scene.keys(Qt.Key.Key_P, ctrl | shift)
        assert scene.runs.calls[-1] == ("go_on", scene.run_id)

    def test_keys_of_another_state_do_nothing(self, scene: Scene) -> None:
        scene.show(state_run("finished"))
        ctrl = Qt.KeyboardModifier.ControlModifier
        scene.keys(Qt.Key.Key_S, ctrl)
        scene.keys(Qt.Key.Key_Period, ctrl)
        scene.keys("g")
        assert scene.runs.calls == []

    def test_axis_log_smoothing_crosshair_reset(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        scene.keys("x")
        assert plot.feed.axis == "tokens"
        assert plot.axis_switch.current() == "tokens"
        scene.keys("x")
        assert plot.feed.axis == "time"
        scene.keys("x")
        assert plot.feed.axis == "step"
        scene.keys("]")
        assert plot.feed.smoothing == 48
        scene.keys("[")
        scene.keys("[")
        assert plot.feed.smoothing == 24
        assert scene.kit.memory.get("plot/default")["smoothing"] == 24
        scene.keys(Qt.Key.Key_Left)
        scene.keys(Qt.Key.Key_Left)
        assert plot.plot.crosshair == 2479
        scene.keys(Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
        assert plot.plot.crosshair == 2469
        assert plot.legend.text().startswith("Step 2,469, Smoothed 2.4")
        assert page.escape()
        assert plot.plot.crosshair is None
        assert not page.escape()
        drag(plot.plot.viewport(), QPointF(200, 100), QPointF(300, 100), Qt.MouseButton.LeftButton)
        assert plot.plot.visible != (0, 2480)
        scene.keys("r")
        assert plot.plot.visible == (0, 2480)
        scene.keys("l")
        assert page.body.side_tabs.current() == "log"

    def test_arrow_keys_work_wherever_the_focus_has_no_use_for_them(self, scene: Scene) -> None:
        page = scene.show(make_run())
        scene.qtbot.keyClick(page, Qt.Key.Key_Left)
        assert page.body.plot.plot.crosshair == 2480

    def test_rename_in_place(self, scene: Scene) -> None:
        page = scene.show(make_run())
        scene.keys(Qt.Key.Key_F2)
        editor = page.header._editor
        assert editor.isVisible()
        editor.setText("")
        # letters that are shortcuts elsewhere are letters here
        scene.qtbot.keyClicks(editor, "grlxs")
        scene.qtbot.keyClick(editor, Qt.Key.Key_Return)
        assert scene.runs.calls == [("change_notes", scene.run_id, {"name": "grlxs"})]
        assert page.header.title.text() == "grlxs"

    def test_star(self, scene: Scene) -> None:
        page = scene.show(make_run())
        scene.qtbot.mouseClick(page.header.star, Qt.MouseButton.LeftButton)
        scene.keys("s")
        assert [call[2] for call in scene.runs.calls] == [{"star": True}, {"star": False}]

    def test_every_shortcut_is_listed(self, scene: Scene) -> None:
        assert {hint.keys for hint in scene.page.shortcuts()} >= {
            "Ctrl+Shift+P",
            "Ctrl+.",
            "Ctrl+S",
            "G",
            "L",
        }


class TestLive:
    def test_growth_while_zoomed_leaves_the_view_alone(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        drag(plot.plot.viewport(), QPointF(200, 100), QPointF(300, 100), Qt.MouseButton.LeftButton)
        scene.qtbot.waitUntil(lambda: scene.runs.requests[-1][1]["lo"] is not None)
        scene.settle()
        held = plot.plot.visible
        assert plot.latest_chip.isVisible()
        scene.runs.grow(scene.run_id, 400)
        page.refresh()
        plot.feed.request()
        scene.settle()
        assert plot.plot.visible == held
        assert "2,880" in page.progress.step.text()
        scene.qtbot.mouseClick(plot.latest_chip, Qt.MouseButton.LeftButton)
        scene.settle()
        assert plot.plot.visible[1] == 2880
        assert not plot.latest_chip.isVisible()

    def test_only_what_is_in_sight_is_asked_for(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        drag(plot.plot.viewport(), QPointF(300, 100), QPointF(400, 100), Qt.MouseButton.LeftButton)
        lo, hi = plot.plot.visible
        plot.feed.request()
        asked = [r for kind, r in scene.runs.requests if kind == "curve" and r["metric"] == "loss"][-1]
        assert asked["hi"] == hi
        assert asked["lo"] == pytest.approx(lo - 6 * 32)
        assert asked["most"] == 4000

    def test_growth_is_read_twice_a_second_at_most(self, scene: Scene) -> None:
        page = scene.show(make_run())
        before = len(scene.runs.requests)
        for _ in range(50):
            scene.runs.grow(scene.run_id, 1)
            scene.settle()
        assert len(scene.runs.requests) == before
        assert page.body.plot.feed._timer.isActive()
        assert page.body.plot.feed._timer.interval() == 500

    def test_language_and_theme_change_in_the_middle(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        plot.plot.set_crosshair(1000)
        drag(plot.plot.viewport(), QPointF(200, 100), QPointF(400, 100), Qt.MouseButton.LeftButton)
        held = plot.plot.visible
        scene.kit.appearance.set(language_choice="zh", theme_choice="dark")
        scene.settle()
        assert page.header.pill.text() == "训练中"
        assert scene.buttons() == ["暂停", "停止并存档", "和它聊聊"]
        assert page.body.events.rows()[0].title in ("最好成绩", "存档")
        assert page.body.side_tabs.bar.tabText(0) == "事件"
        assert plot.plot.visible == held
        scene.runs.grow(scene.run_id, 100)
        scene.kit.appearance.set(language_choice="en", theme_choice="light")
        scene.settle()
        assert page.header.pill.text() == "Running"

    def test_a_new_sample_frees_the_button(self, scene: Scene) -> None:
        page = scene.show(make_run())
        again = page.body.samples.again
        scene.qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
        assert scene.runs.calls == [("sample", scene.run_id)]
        assert not again.isEnabled()
        scene.runs.grow(scene.run_id, 100)
        page.refresh()
        assert again.isEnabled()

    def test_a_selection_in_the_events_survives_new_ones(self, scene: Scene) -> None:
        page = scene.show(make_run())
        events = page.body.events
        events.setCurrentIndex(events.model().index(1, 0))
        chosen = events.rows()[1]
        scene.runs.say(scene.run_id, "control", id="x", action="pause")
        page.refresh()
        assert events.rows()[0].title == "Paused"
        assert events.rows()[events.currentIndex().row()] == chosen

    def test_a_hidden_page_asks_for_nothing(self, scene: Scene) -> None:
        page = scene.show(make_run())
        page.hide()
        before = len(scene.runs.requests)
        scene.runs.grow(scene.run_id, 10)
        assert not page._timer.isActive()
        assert not page.body.plot.feed._timer.isActive()
        page.show()
        scene.settle()
        assert len(scene.runs.requests) > before


class TestPanels:
    def test_segments_change_curve_and_axis(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        scene.qtbot.mouseClick(plot.metric_switch.segment("lr"), Qt.MouseButton.LeftButton)
        scene.settle()
        assert plot.legend.text() == "Learning rate"
        assert len(plot.plot._dots[0]) == 0
        scene.qtbot.mouseClick(plot.axis_switch.segment("time"), Qt.MouseButton.LeftButton)
        scene.settle()
        assert plot.plot.visible[1] == pytest.approx(59 + 2480 * 0.36, abs=1)
        assert [band.text for band in plot.plot._bands] == ["Prepare data", "Compile"]

    def test_smoothing_is_the_same_on_every_axis(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        by_step = plot.feed.smoothed().y
        for axis in ("tokens", "time"):
            plot._choose_axis(axis)
            scene.settle()
            assert plot.feed.smoothed().y == pytest.approx(by_step, abs=1e-9)

    def test_a_long_run_is_smoothed_over_means_and_not_over_extremes(self, scene: Scene) -> None:
        fake = make_run(step=60_000, total=80_000)
        page = scene.show(fake)
        feed = page.body.plot.feed
        assert len(feed.curve.x) <= 4000
        shown = feed.smoothed()
        exact = smooth(fake.steps, fake.values["loss"], 32)
        late = shown.x > 5000
        difference = shown.y[late] - np.interp(shown.x[late], fake.steps, exact)
        noise = fake.values["loss"][5000:].std()
        # extremes would be off by most of the noise
        assert difference.std() < 0.3 * noise

    def test_hover_is_a_readout_and_leaves_without_a_trace(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        before = plot.legend.text()
        lanes = dict(plot.plot.lanes._values)
        mouse(plot.plot.viewport(), QEvent.Type.MouseMove, QPointF(120, 100), Qt.MouseButton.NoButton)
        assert plot.legend.text() != before
        assert "Held-out" in plot.legend.text()
        assert plot.plot.lanes._values != lanes
        QApplication.sendEvent(plot.plot, QEvent(QEvent.Type.Leave))
        assert plot.legend.text() == before
        assert plot.plot.lanes._values == lanes

    def test_options_by_keyboard(self, scene: Scene) -> None:
        page = scene.show(make_run())
        plot = page.body.plot
        scene.qtbot.mouseClick(plot.options_button, Qt.MouseButton.LeftButton)
        popup = plot.popup
        assert popup.isVisible()
        scene.qtbot.keyClick(popup._slider, Qt.Key.Key_Right)
        scene.qtbot.mouseClick(popup._y_log, Qt.MouseButton.LeftButton, pos=QPoint(20, 13))
        scene.qtbot.mouseClick(popup._cut, Qt.MouseButton.LeftButton, pos=QPoint(20, 13))
        assert (popup.options.smoothing, popup.options.y_log, popup.options.cut) == (48, True, True)
        assert plot.plot.mapping.y_log
        scene.qtbot.keyClick(popup, Qt.Key.Key_Escape)
        assert not popup.isVisible()
        assert scene.kit.memory.get("plot/default")["y_log"] is True

    def test_a_sample_puts_the_crosshair_at_its_step(self, scene: Scene) -> None:
        page = scene.show(make_run())
        row = page.body.samples._rows[1]
        scene.qtbot.mouseClick(row.step, Qt.MouseButton.LeftButton)
        assert page.body.plot.plot.crosshair == 1500
        row = page.body.samples._rows[2]
        row.setFocus()
        scene.qtbot.keyClick(row, Qt.Key.Key_Return)
        assert page.body.plot.plot.crosshair == 1000

    def test_samples_of_the_other_prompt(self, scene: Scene) -> None:
        page = scene.show(make_run())
        samples = page.body.samples
        samples._prompts.setCurrentIndex(1)
        assert samples.shown()[0].prompt == "Once upon a time"
        scene.runs.grow(scene.run_id, 600)
        page.refresh()
        assert samples.shown()[0].prompt == "Once upon a time"
        assert samples.shown()[0].step == 3000

    def test_what_a_model_says_is_text_and_never_markup(self, scene: Scene) -> None:
        fake = make_run()
        said = "<b>bold</b> & <|im_end|>"
        fake.samples = [dataclasses.replace(fake.samples[-1], text=said)]
        page = scene.show(fake)
        row = page.body.samples._rows[0]
        assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;|im_end|&gt;" in row.text.text()

    def test_an_event_row_shows_its_step_and_has_a_menu(self, scene: Scene) -> None:
        page = scene.show(make_run())
        events = page.body.events
        rect = events.visualRect(events.model().index(1, 0))
        scene.qtbot.mouseClick(events.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
        assert page.body.plot.plot.crosshair == events.rows()[1].step
        events.customContextMenuRequested.emit(rect.center())
        menu = events.findChild(QMenu)
        assert [a.text() for a in menu.actions()] == ["Copy", "Show this step"]
        menu.actions()[0].trigger()
        assert events.rows()[1].title in QApplication.clipboard().text()
        menu.close()

    def test_a_checkpoint_can_be_chatted_with_and_exported(self, scene: Scene) -> None:
        page = scene.show(make_run())
        page.body.show_panel("checkpoints")
        checkpoints = page.body.checkpoints
        rect = checkpoints.visualRect(checkpoints.model().index(0, 0))
        checkpoints.customContextMenuRequested.emit(rect.center())
        menu = checkpoints.findChild(QMenu)
        with scene.qtbot.waitSignal(page.open_chat) as chat:
            menu.actions()[0].trigger()
        with scene.qtbot.waitSignal(page.export_requested) as export:
            menu.actions()[1].trigger()
        assert chat.args == export.args == [checkpoints.rows()[0].path]
        menu.close()

    def test_the_log_grows_at_its_end_and_stays_where_one_reads(self, scene: Scene) -> None:
        fake = make_run()
        fake.log = [f"line {i}" for i in range(300)]
        page = scene.show(fake)
        scene.keys("l")
        bar = page.body.log.verticalScrollBar()
        assert bar.value() == bar.maximum()
        fake.log.append("line 300")
        page.refresh()
        scene.settle()
        assert bar.value() == bar.maximum()
        assert page.body.log.shown()[-1] == "line 300"
        bar.setValue(5)
        fake.log.append("line 301")
        page.refresh()
        scene.settle()
        assert bar.value() == 5
        assert page.body.log.shown()[0] == "line 5"
        scene.qtbot.keyClick(page.body.log, Qt.Key.Key_End)
        assert page.body.log.shown()[-1] == "line 301"

    def test_settings_are_the_saved_job(self, scene: Scene) -> None:
        page = scene.show(make_run())
        page.body.show_panel("settings")
        page.body.settings.copy.click()
        assert QApplication.clipboard().text().startswith("python -m minimind train --method pretrain")
        assert "--lr 0.0003" in QApplication.clipboard().text()

    def test_the_plots_menu_copies_what_is_in_sight(self, scene: Scene) -> None:
        page = scene.show(make_run(step=50))
        plot = page.body.plot
        lines = plot.as_table().splitlines()
        assert lines[0] == "step\tloss"
        assert len(lines) == 51
        wheel(plot.plot.viewport(), QPointF(60, 100), 240)
        assert len(plot.as_table().splitlines()) < 51

    def test_narrow_windows_have_tabs_and_the_same_panels(self, scene: Scene) -> None:
        page = scene.show(make_run(), "compact")
        tabs = page.body.plot_tabs
        assert tabs.held() == ["plot", "samples", "events", "log", "checkpoints", "settings"]
        assert [lane.text for lane in page.body.plot.plot.lanes.shown] == ["GPU", "VRAM"]
        assert page.body.plot.plot.area.height() >= 180
        scene.keys("l")
        assert tabs.current() == "log"
        assert not page.body.plot.options_button.isVisible()
        page.body.events.row_chosen.emit(page.body.events.rows()[0])
        assert tabs.current() == "plot"
        assert page.body.plot.options_button.isVisible()
        page.set_compact(False)
        page.resize(*SIZES["normal"])
        scene.settle()
        assert page.body.side_tabs.held() == ["events", "log", "checkpoints", "settings"]
        assert page.body.samples.isVisible()
        page.resize(*SIZES["wide"])
        scene.settle()
        assert page.body.side_tabs.held() == ["events", "checkpoints", "settings"]
        assert page.body.log.isVisible()
        assert len(page.body.plot.plot.lanes.shown) == 6

    def test_the_menu_has_the_rest(self, scene: Scene) -> None:
        page = scene.show(make_run(RunState.STOPPED))
        texts = [a.text() for a in page.header._menu.actions() if a.text()]
        assert texts == [
            "Branch",
            "Open the folder",
            "Copy the command line",
            "Rename\tF2",
            "Tags…",
            "Note…",
            "Move to the trash",
        ]
        page.header._menu.actions()[-1].trigger()
        assert scene.runs.calls == [("trash", scene.run_id)]
        toast = scene.kit.toasts[-1]
        assert toast.action_text == "Undo"
        assert toast.action is not None
        toast.action()
        assert scene.runs.calls[-1] == ("restore", scene.run_id)

    def test_tags_and_a_note_from_the_menu(self, scene: Scene) -> None:
        page = scene.show(make_run(tags=("zh",), note="first try"))
        for what, before, typed in (("Tags…", "zh", "zh, good"), ("Note…", "first try", " second  try ")):
            next(a for a in page.header._menu.actions() if a.text() == what).trigger()
            assert page.popup.field.text() == before
            page.popup.field.setText(typed)
            scene.qtbot.keyClick(page.popup.field, Qt.Key.Key_Return)
        assert [call[2] for call in scene.runs.calls] == [{"tags": ("zh", "good")}, {"note": "second try"}]

    def test_a_line_of_the_settings_can_be_copied(self, scene: Scene) -> None:
        page = scene.show(make_run())
        page.body.show_panel("settings")
        row = page.body.settings.rows()[0]
        place = page.body.settings._grid.itemAtPosition(0, 0).widget()
        place.customContextMenuRequested.emit(QPoint(3, 3))
        page.findChildren(QMenu)[-1].actions()[0].trigger()
        assert QApplication.clipboard().text() == f"{row.label}: {row.value}"

    def test_the_log_knows_its_file(self, scene: Scene) -> None:
        page = scene.show(make_run())
        page.body.log.path_wanted.emit()
        assert QApplication.clipboard().text().endswith("log.txt")

    def test_what_force_would_cost_is_said_before(self, scene: Scene) -> None:
        page = scene.show(make_run(RunState.STOPPING, last_checkpoint=2000))
        scene.now += 31
        page.refresh()
        assert page.progress.message.text().endswith("the 480 steps after it are lost.")

    def test_a_sample_without_a_word_says_so(self, scene: Scene) -> None:
        fake = make_run(method="sft")
        fake.samples = [Sample(step=40, prompt="Who are you?", text=" \n")]
        page = scene.show(fake)
        assert "It said nothing." in page.body.samples._rows[0].text.text()
