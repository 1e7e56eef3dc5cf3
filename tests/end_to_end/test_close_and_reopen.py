"""The trainer outlives the window: the next one shows everything and can stop the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from studio.paths import Paths
from studio.ui.close_dialog import CloseDialog
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import settle, wait_until
from tests.end_to_end.ways import losses_of, losses_shown, pretrain, wait_for_whole_curve

ROOT = Path(__file__).resolve().parents[2]
# more steps than any test waits for
LONG = 1_000_000


def test_a_killed_window_takes_nothing_with_it(
    open_studio: OpenStudio, paths: Paths, pretrain_text: Path
) -> None:
    command = [sys.executable, "-m", "tests.end_to_end.other_studio", str(paths.projects), str(pretrain_text)]
    studio = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert studio.stdout is not None
    try:
        told = studio.stdout.readline().strip()
        assert told, "the other studio did not come so far"
    finally:
        # the real end of a window that crashes: no clean-up of any kind
        studio.kill()
        studio.wait()
        studio.stdout.close()
    folder = RunFolder(told)
    before = len(losses_of(folder.path))
    state = folder.read_state()
    assert state is not None
    assert state.process.is_alive()
    wait_until(lambda: len(losses_of(folder.path)) > before + 3, "the trainer to go on")

    person = open_studio()
    person.open_from_table("Long one")
    assert person.state() == "Running"
    person.wait(lambda: len(losses_shown(person)) > before, "the curve")
    shown = losses_shown(person)
    assert list(shown) == list(range(1, len(shown) + 1))
    assert shown.items() <= losses_of(folder.path).items()
    person.click("Stop and save")
    person.wait_for_state("Stopped")
    wait_until(lambda: not state.process.is_alive(), "the trainer to leave")
    last = max(wait_for_whole_curve(person))
    assert folder.pointed("last") == folder.step_folder(last)
    assert person.sees(f"Stopped at step {last:,}")


def test_closing_while_it_trains_asks(open_studio: OpenStudio, paths: Paths, pretrain_text: Path) -> None:
    person = open_studio()
    run = pretrain(person, pretrain_text, steps=LONG, name="Long one")
    person.wait_for_state("Running")
    asked: list[str] = []

    def answer(button: str) -> None:
        def act(dialog: CloseDialog) -> None:
            asked.append(dialog.text.text())
            QTest.mouseClick(getattr(dialog, button), Qt.MouseButton.LeftButton)

        with person.in_dialog(CloseDialog, act):
            person.window.close()
        settle()

    answer("cancel")
    assert person.window.isVisible()
    assert person.state() == "Running"

    answer("keep")
    assert not person.window.isVisible()
    folder = RunFolder(run.folder)
    state = folder.read_state()
    assert state is not None
    assert state.process.is_alive()
    before = len(losses_of(run))
    wait_until(lambda: len(losses_of(run)) > before, "the trainer to go on")

    person = open_studio()
    person.open_from_table("Long one")
    person.wait_for_state("Running")
    person.wait(lambda: len(losses_shown(person)) > before, "the curve")
    answer("stop")
    assert not person.window.isVisible()
    assert folder.read_state().status is RunState.STOPPED  # type: ignore[union-attr]
    wait_until(lambda: not state.process.is_alive(), "the trainer to leave")
    assert folder.pointed("last") == folder.step_folder(max(losses_of(run)))
    assert len(asked) == 3
    assert all("Long one" in text and "It goes on without this window" in text for text in asked)


def test_somebody_who_was_asked_once_need_not_be_asked_again(
    open_studio: OpenStudio, paths: Paths, pretrain_text: Path
) -> None:
    person = open_studio()
    run = pretrain(person, pretrain_text, steps=LONG, name="Long one")
    person.wait_for_state("Running")

    def keep_for_ever(dialog: CloseDialog) -> None:
        QTest.mouseClick(
            dialog.never_again,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            QPoint(12, dialog.never_again.height() // 2),
        )
        assert dialog.never_again.isChecked()
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    with person.in_dialog(CloseDialog, keep_for_ever):
        person.window.close()
    settle()
    assert not person.window.isVisible()

    person = open_studio()
    person.open_from_table("Long one")
    person.wait_for_state("Running")
    # a dialog would hold this call until somebody answered
    assert person.window.close()
    state = RunFolder(run.folder).read_state()
    assert state is not None
    assert state.process.is_alive()

    # the preferences take it back
    person = open_studio()
    person.go("Preferences")
    assert not person.window._tools.preferences.current.ask_on_close
    person.click("Ask before closing while something trains")
    assert person.window._tools.preferences.current.ask_on_close
