"""The window on a stage: composed as the program does it, driven by a scene, photographed with dialogs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from bench.pages.stand_ins import NO_CARD, StillSystem, standing_in
from bench.pages.worlds import PROJECT
from minimind.files import replace_json
from minimind.machine import Facts
from minimind.run_folder import RunFolder
from studio import app
from studio.paths import Paths
from studio.services.background import LATER
from studio.services.chat_book import ChatBook
from studio.services.chat_service import ChatService
from studio.services.data_service import DataService
from studio.services.run_service import RunService
from studio.ui.appearance import Appearance
from studio.ui.main_window import MainWindow
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page

PATIENCE_S = 60.0


class Stage:
    """One window over one projects folder, in one language; theme, size and text size change live.

    Args:
        application: the only one of the process.
        home: preferences, index and caches of this window; empty.
        projects: filled by `Worlds`, for the same language.
        facts: of the machine; None while the doctor looks for the first time.
    """

    def __init__(
        self,
        application: QApplication,
        home: Path,
        projects: Path,
        *,
        language: str,
        theme: str = "light",
        size: tuple[int, int] = (1440, 900),
        facts: Facts | None = NO_CARD,
    ) -> None:
        self._around = ExitStack()
        self._around.enter_context(standing_in(facts))
        paths = Paths(projects=projects, home=home, cache=home / "cache")
        paths.make()
        replace_json(paths.preferences, {"reduce_motion": True, "ask_on_close": False, "notify": False})
        replace_json(paths.window_memory, {"project": PROJECT[language]})
        self.system = StillSystem(facts)
        asked = app.arguments(["--lang", language, "--theme", theme])
        self.window = app.compose(application, asked, paths, self.system)
        self.language, self.projects = language, projects
        self.window.resize(*size)
        self.window.show()
        self.until(self._has_read, "the runs to be read")
        self.settle()

    def _has_read(self) -> bool:
        """Each run folder is known with its name, which is read together with its state."""
        names = {job.parent.name: RunFolder(job.parent) for job in self.projects.glob("*/runs/*/job.json")}
        for run_id, folder in names.items():
            run = self.runs.run(run_id)
            if run is None or run.name != (folder.read_notes().name or run.name):
                return False
        return True

    # -- what a scene uses ---------------------------------------------------------------------

    @property
    def runs(self) -> RunService:
        """The runs behind the window."""
        return self.window._tools.runs

    @property
    def navigator(self) -> Navigator:
        """The way from page to page."""
        return self.window._tools.navigator

    @property
    def appearance(self) -> Appearance:
        """Theme, language, text size."""
        return self.window._tools.appearance

    @property
    def page(self) -> Page:
        """The page in front."""
        return self.window.current_page()

    def open(self, key: str, **request: object) -> Page:
        """Bring a page to the front and let it fill."""
        self.window.open_page(key, request)
        self.settle()
        return self.page

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Let Qt work until it holds.

        Raises:
            RuntimeError: it does not come true.
        """
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"still waiting for {what}")
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)

    def settle(self) -> None:
        """Everything asked of the worker thread so far is answered and shown."""
        for _round in range(3):
            answered: list[object] = []
            self.runs._worker.submit(lambda: None, done=answered.append, priority=LATER)
            self.until(lambda: answered, "the worker thread")  # noqa: B023
            QApplication.processEvents()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # -- what a photographer uses --------------------------------------------------------------

    def dress(self, *, theme: str, size: tuple[int, int], text_size: int = 100) -> None:
        """Another look, as a person would change it while the window is open."""
        self.appearance.set(theme_choice=theme, text_size=text_size)
        self.window.resize(*size)
        self.settle()
        for widget in floating(self.window):
            if widget.isModal():
                # in use, nothing changes while a dialog is open: it opens with the look in force
                widget.adjustSize()

    def picture(self) -> QImage:
        """The window with dialogs, menus and tool tips on top, one image pixel a pixel."""
        image = self.window.grab().toImage()
        painter = QPainter(image)
        for widget in floating(self.window):
            place = widget.mapToGlobal(QPoint(0, 0)) - self.window.mapToGlobal(QPoint(0, 0))
            if widget.isModal():
                # here is no window manager that centres it
                place = self.window.rect().center() - widget.rect().center()
            painter.drawPixmap(place, widget.grab())
            painter.setPen(self.appearance.color("border_strong"))
            painter.drawRect(widget.rect().translated(place).adjusted(0, 0, -1, -1))
        painter.end()
        return image

    def close(self) -> None:
        """End the window with everything behind it."""
        self._close_floating()
        self._end_services()
        ended: list[bool] = []
        self.window.closed.connect(lambda: ended.append(True))
        self.window.close()
        self.until(lambda: ended, "the window to close")
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        self._around.close()

    def _close_floating(self) -> None:
        for widget in floating(self.window):
            widget.close()

    def _end_services(self) -> None:
        # in the program these end with Qt's loop
        for kind in (ChatService, ChatBook, DataService):
            for service in self.window.findChildren(kind):
                service.close()


def floating(window: MainWindow) -> list[QWidget]:
    """What lies over a window without being part of it, the lowest first."""
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget is not window and widget.isVisible() and widget.windowType() != Qt.WindowType.Desktop
    ]
