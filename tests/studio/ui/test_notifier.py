from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from minimind.job import KIND_EXPORT, KIND_PIPELINE
from minimind.run_state import RunState
from studio.ui import notifier
from studio.ui.appearance import Appearance
from studio.ui.notifier import Notifier, ended_words, send
from tests.studio.ui.fake_runs import failed_run, make_run
from tests.studio.ui.fake_tools import FakeRuns, make_tools


@pytest.fixture
def runs() -> FakeRuns:
    return FakeRuns()


@pytest.fixture
def told(appearance: Appearance, tmp_path: Path, runs: FakeRuns, qtbot) -> Iterator[list[tuple[str, str]]]:
    """What the desktop would show; the window is hidden."""
    found: list[tuple[str, str]] = []
    tools, window = make_tools(appearance, tmp_path, runs), QWidget()
    qtbot.addWidget(window)
    Notifier(
        tools.appearance,
        tools.preferences,
        runs,
        window,
        show=lambda *words: found.append((words[0], words[1])),
    )
    yield found
    assert window is not None


def test_of_a_pipeline_only_the_whole_is_told(told: list[tuple[str, str]], runs: FakeRuns) -> None:
    whole = runs.put(make_run(RunState.RUNNING, run_id="p", name="First model"))
    stage = runs.put(make_run(RunState.RUNNING, run_id="p-1-pretrain", name="Stage"))
    runs.change(whole, kind=KIND_PIPELINE)
    runs.change(stage, parent=whole, stage=1)
    runs.change(stage, state=RunState.FINISHED)
    assert told == []
    runs.change(whole, state=RunState.FINISHED)
    assert [title for title, _text in told] == ["First model"]


def test_an_export_is_told_without_a_loss() -> None:
    run = dataclasses.replace(make_run(RunState.FINISHED).record, kind=KIND_EXPORT, wall_s=12.0)
    assert ended_words(run)[1].startswith("Done, it took ")


def test_a_failure_says_its_reason() -> None:
    title, text = ended_words(failed_run(name="Night").record)
    assert title == "Night"
    assert text.startswith("Memory ran out at step 1842.")


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path on which only what a test puts there is found; and no tray."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: False))
    return folder


def test_without_a_tray_the_desktops_command_shows_it(
    bin_folder: Path, told: list[tuple[str, str]], tmp_path: Path, qtbot
) -> None:
    heard = tmp_path / "heard"
    command = bin_folder / "notify-send"
    command.write_text(
        f'#!/bin/sh\nfor word in "$@"; do echo "$word"; done > {heard}.part\n/bin/mv {heard}.part {heard}\n'
    )
    command.chmod(0o755)
    assert send("$(touch x) --help", "It is done.")
    qtbot.waitUntil(heard.exists)
    assert heard.read_text().splitlines()[-3:] == ["--", "$(touch x) --help", "It is done."]


def test_where_nothing_shows_messages_nothing_happens(
    bin_folder: Path, appearance: Appearance, tmp_path: Path, runs: FakeRuns, qtbot
) -> None:
    tools, window = make_tools(appearance, tmp_path, runs), QWidget()
    qtbot.addWidget(window)
    Notifier(tools.appearance, tools.preferences, runs, window)
    run_id = runs.put(make_run(RunState.RUNNING))
    runs.run_changed.emit(run_id)
    runs.change(run_id, state=RunState.FINISHED)
    assert not send("a", "b")
    assert os.listdir(bin_folder) == []


def test_with_a_tray_the_icon_comes_with_the_message_and_leads_to_the_window(
    appearance: Appearance, tmp_path: Path, runs: FakeRuns, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(
        notifier.QSystemTrayIcon, "showMessage", lambda _tray, title, text, _icon: shown.append((title, text))
    )
    tools, window = make_tools(appearance, tmp_path, runs), QWidget()
    qtbot.addWidget(window)
    made = Notifier(tools.appearance, tools.preferences, runs, window)
    run_id = runs.put(make_run(RunState.RUNNING, name="Night"))
    runs.run_changed.emit(run_id)
    runs.change(run_id, state=RunState.FINISHED)
    assert [title for title, _text in shown] == ["Night"]
    assert not window.isVisible()
    made._tray.messageClicked.emit()
    assert window.isVisible()
