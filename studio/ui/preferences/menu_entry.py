"""A button that puts the program into the applications menu, and takes it out again."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import _
from studio.desktop_entry import ICON_SIZES, icon_svg
from studio.services.desktop_service import DesktopService
from studio.ui import theme
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label


class MenuEntry(QWidget):
    """One button and what it does; both ways can be undone at once."""

    def __init__(self, appearance: Appearance, navigator: Navigator, service: DesktopService) -> None:
        super().__init__()
        self._appearance = appearance
        self._navigator = navigator
        self._service = service
        self._there = False
        self.label = Label()
        self.button = Button(appearance)
        self.button.clicked.connect(self._on_clicked)
        self.help = Label(role="small", tone="3", wrap=True)
        line = QHBoxLayout()
        line.addWidget(self.button)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addLayout(line)
        column.addWidget(self.help)
        service.looked.connect(self._on_looked)
        service.done.connect(self._on_done)
        service.problem.connect(lambda sentence: navigator.toast(sentence, tone="danger"))
        self.retranslate()

    def retranslate(self) -> None:
        """Every text again."""
        self.label.setText(_("Applications menu"))
        self.button.setText(
            _("Take it out of the applications menu") if self._there else _("Add to the applications menu")
        )
        self.help.setText(_("Then it starts like any other program, without a terminal."))

    def add(self) -> None:
        """Put it there."""
        self._service.add({size: self._png(size) for size in ICON_SIZES}, icon_svg(theme.LIGHT.accent))

    def _png(self, size: int) -> bytes:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._appearance.window_icon().pixmap(size, size).toImage().save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())

    def _on_clicked(self) -> None:
        self._service.remove() if self._there else self.add()

    def _on_looked(self, there: bool) -> None:
        self._there = there
        self.retranslate()

    def _on_done(self, added: bool) -> None:
        if added:
            words, undo = _("MiniMind Studio is in the applications menu"), self._service.remove
        else:
            words, undo = _("MiniMind Studio is out of the applications menu"), self.add
        self._navigator.toast(words, action_text=_("Undo"), action=undo)
