"""The composition root: makes paths, preferences, appearance, services and the window, and runs Qt."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minimind.text import _
from studio.paths import Paths, find_paths, newest_project
from studio.preferences import Preferences, PreferencesFile

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from studio.services.system_service import SystemService
    from studio.ui.appearance import Appearance
    from studio.ui.main_window import MainWindow

NO_DISPLAY = (
    "There is no display here, so the window cannot open; the same without one:"
    " python -m minimind train --method pretrain --model mini --data FILE --out FOLDER"
)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the person asked for on the command line."""
    parser = argparse.ArgumentParser(prog="main.py", description="Open MiniMind Studio.")
    parser.add_argument("--projects", type=Path, metavar="FOLDER", help="the folder of projects")
    parser.add_argument("--lang", choices=("zh", "en"), help="language, for this time")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="theme, for this time")
    parser.add_argument(
        "--first-paint",
        action="store_true",
        help="print the seconds from the start of the process to the first paint, and end",
    )
    return parser.parse_args(argv)


def has_display() -> bool:
    """False where Qt would abort: no X11 or Wayland to talk to and no platform named."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window and stay until it closes.

    Returns:
        0; 1 after one sentence on stderr when it cannot open.
    """
    asked = arguments(argv)
    if not has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return 1
    paths = find_paths(asked.projects)
    try:
        paths.make()
    except OSError as error:
        place = error.filename or paths.home
        print(f"The folder {place} cannot be made: {error.strerror}.", file=sys.stderr)
        return 1
    return _run(asked, paths)


def _run(asked: argparse.Namespace, paths: Paths) -> int:
    from studio.ui.single_window import SingleWindow

    application = _application()
    single = SingleWindow(paths.socket_name)
    if not single.claim():
        return 0
    window = compose(application, asked, paths)
    single.asked_to_front.connect(lambda token: _to_front(window, token))
    window.closed.connect(application.quit)
    # Ctrl+C in the terminal closes the window; Qt's loop alone would not let Python see the signal
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if asked.first_paint:
        _report_first_paint(window, application)
    window.show()
    code = application.exec()
    single.close()
    return code


def compose(
    application: QApplication, asked: argparse.Namespace, paths: Paths, system: SystemService | None = None
) -> MainWindow:
    """The window with everything behind it, not shown yet; its services end when it has closed.

    Args:
        asked: as `arguments` makes it.
        paths: their folders are there (`Paths.make`).
        system: what tells of the machine; one that looks at this one by default.
    """
    from studio.ui.fonts import load_fonts

    load_fonts()
    preferences = PreferencesFile(paths.preferences)
    appearance = _appearance(application, asked, paths, preferences.current)
    _follow(appearance, preferences)
    return _window(appearance, preferences, paths, system)


def _application() -> QApplication:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QGuiApplication.setDesktopFileName("minimind-studio")
    application = QApplication.instance() or QApplication(["minimind-studio"])
    assert isinstance(application, QApplication)
    application.setApplicationName("MiniMind Studio")
    application.setQuitOnLastWindowClosed(False)
    return application


def _appearance(
    application: QApplication, asked: argparse.Namespace, paths: Paths, preferences: Preferences
) -> Appearance:
    from studio.ui.appearance import Appearance

    return Appearance(
        application,
        paths.cache,
        theme_choice=asked.theme or preferences.theme,
        language_choice=asked.lang or preferences.language,
        text_size=preferences.text_size,
        reduce_motion=preferences.reduce_motion,
    )


def _follow(appearance: Appearance, preferences: PreferencesFile) -> None:
    """Apply what a person changes from now on; what the command line asked for holds until then."""
    before = preferences.current

    def on_changed(now: Preferences) -> None:
        nonlocal before
        was, before = before, now
        appearance.set(
            theme_choice=now.theme if now.theme != was.theme else None,
            language_choice=now.language if now.language != was.language else None,
            text_size=now.text_size,
            reduce_motion=now.reduce_motion,
        )

    preferences.listen(on_changed)


def _window(
    appearance: Appearance, preferences: PreferencesFile, paths: Paths, system: SystemService | None
) -> MainWindow:
    from studio.services.chat_service import ChatService
    from studio.services.chat_warmer import ChatWarmer
    from studio.services.project_service import ProjectService
    from studio.services.run_service import RunService
    from studio.services.system_service import SystemService
    from studio.ui.main_window import MainWindow
    from studio.ui.memory import WindowMemory
    from studio.ui.navigator import Navigator
    from studio.ui.pages.table import Tools

    memory = WindowMemory(paths.window_memory)
    # named once, in the language of the first start; another language later is no other project
    project = memory.get("project", "") or newest_project(paths.projects) or _("My first model")
    memory.set("project", project)
    runs = RunService(projects=paths.projects, database=paths.database, project=project)
    projects = ProjectService(paths.projects)
    system = system or SystemService(folder=paths.projects)
    chat = ChatService()
    window = MainWindow(
        Tools(
            appearance=appearance,
            navigator=Navigator(),
            preferences=preferences,
            memory=memory,
            paths=paths,
            projects=projects,
            runs=runs,
            system=system,
            chat=chat,
        )
    )
    ChatWarmer(runs, chat, window)
    window.closed.connect(chat.close)
    window.closed.connect(runs.close)
    window.closed.connect(projects.close)
    window.closed.connect(system.close)
    return window


def _to_front(window: MainWindow, token: str) -> None:
    from PySide6.QtWidgets import QApplication

    from studio.ui.single_window import TOKEN

    if token:
        os.environ[TOKEN] = token
    window.showNormal() if window.isMinimized() else window.show()
    window.raise_()
    window.activateWindow()
    # where the desktop lets nobody push to the front, its task bar at least says so
    QApplication.alert(window)


def _report_first_paint(window: MainWindow, application: QApplication) -> None:
    import time

    import psutil
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and watched is window.current_page():
                application.removeEventFilter(self)
                QTimer.singleShot(0, self.report)
            return False

        def report(self) -> None:
            seconds = time.time() - psutil.Process().create_time()
            torch = "imported" if "torch" in sys.modules else "not imported"
            busy = time.process_time()
            print(
                f"first paint after {seconds:.2f} s ({busy:.2f} s of processor time), torch {torch}",
                flush=True,
            )
            window.close()

    application.installEventFilter(FirstPaint(window))
