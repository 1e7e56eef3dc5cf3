"""What a right click offers on events, checkpoints and the plot of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint

from minimind.run_folder import RunFolder
from minimind.text import _
from studio.ui.run.body import RunBody
from studio.ui.run.commands import RunCommands, open_folder
from studio.ui.run.rows import Row
from studio.ui.widgets.page_header import MenuItem


class RunMenus(QObject):
    """Opens the menus of one run page."""

    def __init__(
        self, body: RunBody, commands: RunCommands, show_step: Callable[[int], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._body, self._commands, self._show_step = body, commands, show_step
        body.events.menu_wanted.connect(self._on_event)
        body.checkpoints.menu_wanted.connect(self._on_checkpoint)
        body.plot.plot.menu_wanted.connect(self._on_plot)
        body.settings.menu_wanted.connect(self._on_setting)
        body.log.open_wanted.connect(lambda: open_folder(self._log_file()))
        body.log.path_wanted.connect(lambda: commands.copy(self._log_file(), _("The path is copied")))

    def _on_event(self, row: Row, place: QPoint) -> None:
        self._body.events.open_menu([self._body.events.copy_item(row), *self._step_items(row)], place)

    def _on_checkpoint(self, row: Row, place: QPoint) -> None:
        commands = self._commands
        items = [
            MenuItem(
                text=_("Chat with it"),
                icon="message-circle",
                action=partial(commands.open_chat.emit, row.path),
            ),
            MenuItem(
                text=_("Export…"), icon="package", action=partial(commands.export_requested.emit, row.path)
            ),
            MenuItem(),
            MenuItem(text=_("Open the folder"), icon="folder-open", action=partial(open_folder, row.path)),
            MenuItem(
                text=_("Copy the path"),
                icon="copy",
                action=lambda: commands.copy(row.path, _("The path is copied")),
            ),
            *self._step_items(row),
        ]
        self._body.checkpoints.open_menu(items, place)

    def _log_file(self) -> str:
        picture = self._body.plot.picture()
        return "" if picture is None else str(RunFolder(picture.run.folder).log_file)

    def _on_setting(self, text: str, place: QPoint) -> None:
        items = [
            MenuItem(
                text=_("Copy"),
                icon="copy",
                action=lambda: self._commands.copy(text, _("Copied: {text}").format(text=text)),
            ),
            MenuItem(text=_("Copy the command line"), icon="terminal", action=self._body.settings.copy.click),
        ]
        self._body.events.open_menu(items, place)

    def _on_plot(self, place: QPoint) -> None:
        plot = self._body.plot
        items = [
            MenuItem(text=_("Show the whole curve"), icon="activity", action=plot.plot.reset_zoom, keys="R"),
            MenuItem(
                text=_("Copy the figures"),
                icon="copy",
                action=lambda: self._commands.copy(plot.as_table(), _("The figures are copied")),
            ),
            MenuItem(),
            MenuItem(text=_("Save as PNG…"), icon="save", action=partial(plot.export_wanted.emit, "png")),
            MenuItem(text=_("Save as SVG…"), icon="save", action=partial(plot.export_wanted.emit, "svg")),
            MenuItem(text=_("Save as CSV…"), icon="save", action=partial(plot.export_wanted.emit, "csv")),
        ]
        self._body.events.open_menu(items, place)

    def _step_items(self, row: Row) -> list[MenuItem]:
        if row.step is None:
            return []
        show = partial(self._show_step, row.step)
        return [MenuItem(text=_("Show this step"), icon="activity", action=show)]
