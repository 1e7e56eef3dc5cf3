"""The real window with its own home and projects folder, real trainers behind it, and nothing left over."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from minimind.files import read_json
from minimind.run_folder import ProcessIdentity, RunFolder
from minimind.text import set_language
from studio import app
from studio.jobs.launch import read_launch
from studio.jobs.supervisor import supervisor_lock
from studio.paths import Paths, find_paths
from studio.services.chat_service import ChatService
from tests.end_to_end.driver import Person, settle, wait_until
from tests.helpers.waiting import wait_for

HERE = Path(__file__).parent
OpenStudio = Callable[..., Person]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is end to end, and Qt complains about nothing."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """Where this studio lives; whatever works there ends with the test."""
    # supervisor and trainers inherit it
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    paths = find_paths(tmp_path / "projects")
    paths.make()
    yield paths
    end_processes(paths.projects)


@pytest.fixture
def open_studio(qapp: QApplication, paths: Paths) -> Iterator[OpenStudio]:
    """Opens the window as `python main.py` does, in this process."""
    opened: list[Person] = []

    def open_window(language: str = "en", theme: str = "light") -> Person:
        asked = app.arguments(["--lang", language, "--theme", theme])
        window = app.compose(qapp, asked, paths)
        # the screen of the tests is smaller than the sizes that the design speaks of
        window.resize(1440, 900)
        window.show()
        window.activateWindow()
        wait_until(window.isActiveWindow, "the window in front")
        opened.append(Person(window))
        return opened[-1]

    yield open_window
    for person in opened:
        close(person)
    set_language("en")


def close(person: Person) -> None:
    """Close a window without being asked, and wait until its services have ended."""
    window = person.window
    if not isValid(window):
        return
    if window.isVisible():
        window._tools.preferences.change(ask_on_close=False)
        ended: list[bool] = []
        window.closed.connect(lambda: ended.append(True))
        window.close()
        wait_until(lambda: ended, "the window to close")
    # in the program it ends with Qt's loop
    for chat in window.findChildren(ChatService):
        chat.close()
    window.deleteLater()
    settle()


def end_processes(projects: Path) -> None:
    """Kill what works in a projects folder: the queue first, lest it start the next run."""
    (projects / "queue.json").unlink(missing_ok=True)
    holder = read_json(supervisor_lock(projects).path) or {}
    with contextlib.suppress(psutil.Error, KeyError, TypeError):
        process = psutil.Process(int(holder["pid"]))
        if str(projects) in process.cmdline():
            process.kill()
    for job in projects.glob("*/runs/*/job.json"):
        folder = RunFolder(job.parent)
        state, launch = folder.read_state(), read_launch(folder)
        for identity in (state and state.process, launch and launch.process):
            if identity and identity.is_alive():
                kill(identity)


def kill(identity: ProcessIdentity) -> None:
    """SIGKILL, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, signal.SIGKILL)
    wait_for(lambda: not identity.is_alive())
