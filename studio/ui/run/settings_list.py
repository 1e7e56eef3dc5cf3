"""What the run was asked to do: the saved job, line by line, with what a person changed marked."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from minimind.job import JobSpec
from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.run.request import SettingRow, setting_rows
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.labels import ElidedLabel, Label


class SettingsList(QWidget):
    """Labels at the left, values at the right, an accent dot before what differs from the default.

    `copy` is the button that copies the command line.

    Signals:
        menu_wanted(str, QPoint): a right click on a line: what it says, and where on the screen.
    """

    menu_wanted = Signal(str, QPoint)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job: JobSpec | None = None
        self._rows: list[SettingRow] = []
        self.copy = LinkButton(appearance, icon="terminal")
        self._legend = Label(role="small", tone="3")
        self._inside = QWidget()
        self._inside.setObjectName("scrolled")
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(14, 10, 14, 10)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._inside)
        line = QHBoxLayout()
        line.setContentsMargins(14, 6, 10, 0)
        line.addWidget(self._legend)
        line.addStretch(1)
        line.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(scroll, 1)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def show_job(self, job: JobSpec | None) -> None:
        """Another run's job."""
        if job != self._job:
            self._job = job
            self._fill()

    def rows(self) -> list[SettingRow]:
        """What is shown."""
        return list(self._rows)

    def retranslate(self) -> None:
        """Set every text in the language in force."""
        self.copy.setText(_("Copy the command line"))
        self._legend.setText(_("● changed"))
        self._fill()

    def _fill(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._rows = setting_rows(self._job) if self._job is not None else []
        for at, row in enumerate(self._rows):
            label = Label(f"● {row.label}" if row.changed else row.label, role="small", tone="2")
            if row.changed:
                label.set_tone("accent")
            value = ElidedLabel(row.value, role="small")
            value.set_hint(row.tip)
            label.setToolTip(row.tip)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for part in (label, value):
                part.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                part.customContextMenuRequested.connect(partial(self._on_menu, part, row))
            self._grid.addWidget(label, at, 0)
            self._grid.addWidget(value, at, 1)
        self._grid.setRowStretch(len(self._rows), 1)

    def _on_menu(self, part: QWidget, row: SettingRow, place: QPoint) -> None:
        self.menu_wanted.emit(f"{row.label}: {row.value}", part.mapToGlobal(place))
