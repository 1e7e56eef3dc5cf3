from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QVBoxLayout

from minimind.run_state import RunState
from studio.ui.appearance import Appearance
from studio.ui.close_dialog import CloseDialog
from studio.ui.main_window import MainWindow
from studio.ui.pages.page import Page, ShortcutHint
from studio.ui.pages.table import PAGES, PageRow, Tools
from studio.ui.single_window import SingleWindow
from studio.ui.widgets.buttons import Button
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_runs import failed_run, make_run
from tests.studio.ui.fake_tools import FakeRuns, make_tools, sample

ROOT = Path(__file__).resolve().parents[3]


class Plain(Page):
    """A page that remembers what happened to it."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools.appearance)
        self.requests: list[dict[str, object]] = []
        self.presses = 0
        self.button = Button(tools.appearance, "Go", kind="primary")
        self.button.clicked.connect(self.press)
        QVBoxLayout(self).addWidget(self.button)

    def press(self) -> None:
        self.presses += 1

    def retranslate(self) -> None:
        pass

    def opened(self, request) -> None:
        self.requests.append(dict(request))

    def primary_action(self) -> QAbstractButton | None:
        return self.button

    def shortcuts(self) -> list[ShortcutHint]:
        return [ShortcutHint(keys="G", text="sample now")]


ROWS = (
    PageRow(key="home", icon="house", title="Home", build=Plain),
    PageRow(key="runs", icon="activity", title="Runs", build=Plain),
    PageRow(key="run", title="Run", build=Plain, place="runs"),
    PageRow(key="wizard", title="New run", build=Plain, place="runs"),
    PageRow(key="preferences", icon="settings", title="Preferences", build=Plain, bottom=True),
)
Make = Callable[..., MainWindow]


def never_ask(window: MainWindow) -> None:
    window._tools.preferences.change(ask_on_close=False)


@pytest.fixture
def make(appearance: Appearance, tmp_path: Path, qtbot) -> Make:
    def build(*, runs: FakeRuns | None = None, rows: tuple[PageRow, ...] = ROWS) -> MainWindow:
        tools = make_tools(appearance, tmp_path, runs)
        tools.preferences.change(ask_on_close=False)
        window = MainWindow(tools, rows)
        window.resize(1440, 900)
        # qtbot closes what is left open, and nobody is there to answer
        qtbot.addWidget(window, before_close_func=never_ask)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    return build


def press(
    window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(window, key, modifier)


CTRL = Qt.KeyboardModifier.ControlModifier


# -- going about -------------------------------------------------------------------------------------


def test_pages_are_made_at_their_first_visit(make: Make) -> None:
    window = make()
    assert set(window._pages) == {"home"}
    window.open_page("runs")
    assert set(window._pages) == {"home", "runs"}


def test_keys_lead_everywhere(make: Make, qtbot) -> None:
    window = make()
    press(window, Qt.Key.Key_2, CTRL)
    assert window.current_key == "runs"
    press(window, Qt.Key.Key_N, CTRL)
    assert window.current_key == "wizard"
    press(window, Qt.Key.Key_Comma, CTRL)
    assert window.current_key == "preferences"
    press(window, Qt.Key.Key_Tab, CTRL)
    assert window.current_key == "wizard"
    press(window, Qt.Key.Key_Escape)
    assert window.current_key != "wizard"
    press(window, Qt.Key.Key_1, CTRL)
    press(window, Qt.Key.Key_Return, CTRL)
    assert window.current_page().presses == 1
    press(window, Qt.Key.Key_5, CTRL)
    assert window.current_key == "home"


def test_a_new_page_takes_the_keyboard_of_the_one_before(make: Make) -> None:
    window = make()
    first = window.current_page()
    first.setFocus()
    window.open_page("preferences")
    assert window.current_page() is not first
    assert window.focusWidget() is window.current_page()
    # whoever walks along the rail stays there
    window.rail.button("home").setFocus()
    window.open_page("home")
    assert window.focusWidget() is window.rail.button("home")


def test_a_disabled_primary_action_is_not_pressed(make: Make) -> None:
    window = make()
    window.current_page().button.setEnabled(False)
    press(window, Qt.Key.Key_Return, CTRL)
    assert window.current_page().presses == 0


def test_the_rail_marks_the_place_and_counts(make: Make, qtbot) -> None:
    runs = FakeRuns()
    window = make(runs=runs)
    qtbot.mouseClick(window.rail.button("runs"), Qt.MouseButton.LeftButton)
    assert window.current_key == "runs"
    runs.put(make_run(RunState.RUNNING))
    assert window.rail.button("runs").count == 1
    assert "1 active" in window.rail.button("runs").accessibleName()
    window._tools.navigator.open_run("20261124-1524-pretrain-3f2a")
    assert window.current_page().requests == [{"run_id": "20261124-1524-pretrain-3f2a"}]
    assert window.rail.button("runs").isChecked()


def test_the_rail_folds_by_key_and_below_1180(make: Make) -> None:
    window = make()
    assert not window.rail.folded
    press(window, Qt.Key.Key_B, CTRL)
    assert window.rail.folded
    press(window, Qt.Key.Key_B, CTRL)
    assert not window.rail.folded
    window.resize(1100, 700)
    assert window.rail.folded
    assert window.rail.width() == 56
    assert window.current_page().compact
    window.resize(1300, 800)
    assert not window.rail.folded
    assert not window.current_page().compact


def test_f1_lists_the_keys_and_esc_closes_the_list(make: Make) -> None:
    window = make()
    press(window, Qt.Key.Key_F1)
    assert window.overlays.shortcuts.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert not window.overlays.shortcuts.isVisible()
    assert window.current_key == "home"


def test_what_has_no_page_is_not_shown(make: Make) -> None:
    window = make(rows=(ROWS[0], ROWS[4]))
    assert not window.rail.new_run.isVisible()
    assert set(window.rail._items) == {"home", "preferences"}
    press(window, Qt.Key.Key_N, CTRL)
    assert window.current_key == "home"


def test_a_project_is_chosen_and_remembered(make: Make) -> None:
    window = make()
    window.rail.project_chosen.emit("Novels")
    assert window._tools.runs.project == "Novels"
    assert window._tools.memory.get("project") == "Novels"
    assert window.rail.project_button.text() == "Novels"


def test_the_window_comes_back_as_it_stood(make: Make, qtbot) -> None:
    first = make()
    first.resize(1234, 777)
    first.open_page("runs")
    with qtbot.waitSignal(first.closed):
        first.close()
    second = make()
    assert second.current_key == "runs"
    assert second._tools.memory.get("geometry", "") != ""


# -- status strip ------------------------------------------------------------------------------------


def test_the_strip_says_what_runs(make: Make, qtbot) -> None:
    runs = FakeRuns()
    window = make(runs=runs)
    assert window.status.text() == "Nothing is running"
    run_id = runs.put(make_run(RunState.RUNNING, name="First pretraining"))
    assert window.status.text() == "First pretraining, 62%, about 9 min left"
    qtbot.mouseClick(window.status.job, Qt.MouseButton.LeftButton)
    assert window.current_page().requests == [{"run_id": run_id}]
    runs.put(make_run(RunState.RUNNING, run_id="two", step=10))
    assert window.status.text().startswith("2 runs, the first done in")


def test_a_failure_stays_until_it_was_seen(make: Make) -> None:
    runs = FakeRuns()
    window = make(runs=runs)
    run_id = runs.put(failed_run(name="First pretraining"))
    assert window.status.text() == "First pretraining failed at step 1,842"
    window._tools.navigator.open_run(run_id)
    assert window.status.text() == "Nothing is running"


def test_the_strip_shows_the_machine(make: Make) -> None:
    window = make()
    labels = [label.text() for label in window.status._machine]
    assert labels == ["GPU 97%", "VRAM 9.8 / 24 GB", "71 °C"]
    window._tools.system.sampled.emit(sample(card=False))
    assert [label.text() for label in window.status._machine] == ["CPU 34%", "RAM 5 / 16 GB", ""]
    assert window.status.doctor.accessibleName() == "1 suggestion"
    window._tools.system.doctor_changed.emit([])
    assert window.status.doctor.accessibleName() == "System ready"


def test_a_service_that_failed_says_so_in_a_toast(make: Make) -> None:
    window = make()
    window._tools.runs.problem.emit("The run folder cannot be made.")
    assert window.toasts.texts() == ["The run folder cannot be made."]


# -- closing -----------------------------------------------------------------------------------------


def answer(act: Callable[[CloseDialog], None]) -> None:
    def do() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, CloseDialog)
        try:
            act(dialog)
        finally:
            dialog.close()

    QTimer.singleShot(0, do)


@pytest.fixture
def busy(make: Make) -> MainWindow:
    runs = FakeRuns()
    runs.put(make_run(RunState.RUNNING, name="First pretraining"))
    window = make(runs=runs)
    window._tools.preferences.change(ask_on_close=True)
    return window


def test_closing_asks_and_can_be_taken_back(busy: MainWindow) -> None:
    seen: list[str] = []

    def cancel(dialog: CloseDialog) -> None:
        seen.append(dialog.text.text())
        dialog.cancel.click()

    answer(cancel)
    assert not busy.close()
    assert busy.isVisible()
    assert seen == [
        "First pretraining, about 9 min left. It goes on without this window;"
        " open again any time to see the whole curve."
    ]


def test_closing_keeps_training_and_need_not_ask_again(busy: MainWindow) -> None:
    def keep(dialog: CloseDialog) -> None:
        dialog.never_again.setChecked(True)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    answer(keep)
    assert busy.close()
    assert busy._tools.runs.calls == []
    assert not busy._tools.preferences.current.ask_on_close


def test_stop_and_save_closes_by_itself(busy: MainWindow) -> None:
    runs = busy._tools.runs
    run_id = runs.active()[0].run_id

    def stop(dialog: CloseDialog) -> None:
        dialog.stop.click()
        assert dialog.isVisible()
        assert dialog.text.text() == "Saving a checkpoint…"
        runs.change(run_id, state=RunState.STOPPING)
        assert dialog.isVisible()
        runs.change(run_id, state=RunState.STOPPED)
        assert not dialog.isVisible()

    answer(stop)
    assert busy.close()
    assert runs.calls == [("stop", run_id)]


def test_with_nothing_running_it_just_closes(make: Make) -> None:
    window = make()
    window._tools.preferences.change(ask_on_close=True)
    assert window.close()


# -- one window, no torch ----------------------------------------------------------------------------


def test_a_second_start_brings_the_first_to_the_front(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"minimind-test-{tmp_path.name}"
    first, second = SingleWindow(name), SingleWindow(name)
    assert first.claim()
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "leave-17")
    with qtbot.waitSignal(first.asked_to_front) as asked:
        assert not second.claim()
    # the desktop's leave to come to the front goes along
    assert asked.args == ["leave-17"]
    first.close()
    assert second.claim()
    second.close()


def test_a_socket_left_by_a_killed_window_is_no_obstacle(qtbot, tmp_path: Path) -> None:
    name = f"minimind-test-{tmp_path.name}"
    code = (
        "import os, sys; from PySide6.QtCore import QCoreApplication as A; a = A([]);"
        f"from studio.ui.single_window import SingleWindow as S; s = S({name!r}); "
        "print(s.claim(), flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"
    window = SingleWindow(name)
    assert window.claim()
    window.close()


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment}
    env = {name: value for name, value in env.items() if value}
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_whole_window_opens_without_torch(tmp_path: Path) -> None:
    done = start("--projects", str(tmp_path / "projects"), "--first-paint")
    assert done.returncode == 0, done.stderr
    assert "torch not imported" in done.stdout
    assert "Traceback" not in done.stderr


def test_without_a_display_one_sentence_and_exit_1(tmp_path: Path) -> None:
    done = start("--projects", str(tmp_path), QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "python -m minimind train" in done.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = start("--projects", str(tmp_path / "file" / "projects"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def settle() -> None:
    """Let layouts follow texts that came after the first paint."""
    for _turn in range(5):
        QApplication.processEvents()


# -- every page --------------------------------------------------------------------------------------


def cut_off(window: MainWindow, requests: dict[str, list[dict[str, object]]]) -> list[tuple[str, str]]:
    """Page and widget of each text that does not fit, over all pages."""
    found = []
    for row in PAGES:
        for request in requests.get(row.key, [{}]):
            window.open_page(row.key, request)
            settle()
            found += [(row.key, fault) for fault in clipped(window)]
    return found


@pytest.mark.parametrize(
    ("language", "theme", "size", "text_size"),
    [
        ("zh", "light", (1024, 640), 100),
        ("en", "dark", (1024, 640), 100),
        ("zh", "dark", (1920, 1080), 100),
        ("en", "light", (1920, 1080), 100),
        ("zh", "light", (1440, 900), 130),
        ("en", "dark", (1440, 900), 130),
    ],
)
def test_no_text_is_cut_off_on_any_page(
    language: str, theme: str, size: tuple[int, int], text_size: int, appearance: Appearance, make: Make
) -> None:
    appearance.set(language_choice=language, theme_choice=theme, text_size=text_size)
    runs = FakeRuns()
    every = (make_run(), failed_run(run_id="f"), make_run(RunState.FINISHED, run_id="z", step=4000))
    shown = [{"run_id": runs.put(run)} for run in every]
    window = make(runs=runs, rows=PAGES)
    window.resize(*size)
    assert cut_off(window, {"run": shown}) == []


def test_no_text_of_the_first_start_is_cut_off(appearance: Appearance, make: Make) -> None:
    window = make(rows=PAGES)
    for language in ("zh", "en"):
        appearance.set(language_choice=language)
        window.resize(1024, 640)
        settle()
        assert clipped(window) == []


def test_language_and_theme_switch_while_a_page_is_open(appearance: Appearance, make: Make) -> None:
    window = make(rows=PAGES)
    appearance.set(language_choice="zh", theme_choice="dark")
    assert window.rail.button("home").text() == "首页"
    assert window.status.text() == "没有正在进行的训练"
    appearance.set(language_choice="en")
    assert window.rail.button("home").text() == "Home"


def test_every_focusable_part_has_a_name(make: Make) -> None:
    window = make(rows=tuple(row for row in PAGES if row.key in ("home", "preferences")))
    for key in ("home", "preferences"):
        window.open_page(key)
        for button in window.findChildren(QAbstractButton):
            if button.isVisible() and button.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert button.text() or button.accessibleName(), button


def test_the_strip_counts_folders_that_are_read(make: Make) -> None:
    runs = FakeRuns()
    window = make(runs=runs)
    assert window.status._reading.isHidden()
    runs.reading_changed.emit(3)
    assert window.status._reading.text() == "Reading 3 new folders"
    assert not window.status._reading.isHidden()
    runs.reading_changed.emit(0)
    assert window.status._reading.isHidden()


def test_many_changes_at_once_are_looked_at_once(make: Make, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = FakeRuns()
    window = make(runs=runs)
    shown: list[int] = []
    monkeypatch.setattr(window.status, "set_runs", lambda *_args: shown.append(1))
    for number in range(50):
        runs.run_changed.emit(f"r{number}")
    qtbot.waitUntil(lambda: bool(shown))
    assert len(shown) == 1
