"""What the doctor found: one line for each thing, with at most one link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.doctor_words import look, report_of
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.labels import Divider, ElidedLabel, Label

if TYPE_CHECKING:
    from minimind.doctor import Finding


class _Area(QScrollArea):
    """As high as what is in it, if there is room; scrolls where there is not."""

    def sizeHint(self) -> QSize:
        inside = self.widget()
        height = inside.sizeHint().height() if inside is not None else 0
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), min(120, self.sizeHint().height()))


class ComputerList(QWidget):
    """Title with "Check again" and "Copy report", and the findings, the most serious first.

    Signals:
        recheck_clicked: look again.
        copied: something is in the clipboard; what, in one sentence.
    """

    recheck_clicked = Signal()
    copied = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._findings: Sequence[Finding] | None = None
        self._more = True
        self._compact = False
        self.title = Label(role="card")
        self.recheck = LinkButton(appearance, icon="refresh-cw")
        self.recheck.clicked.connect(self.recheck_clicked)
        self.report = LinkButton(appearance, icon="copy")
        self.report.clicked.connect(self._copy_report)
        head = QGridLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.title, 0, 0)
        head.setColumnStretch(1, 1)
        head.addWidget(self.report, 0, 2)
        head.addWidget(self.recheck, 0, 3)
        self.area = _Area()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.area, 1)
        self.retranslate()

    def set_findings(self, findings: Sequence[Finding] | None, *, more: bool = False) -> None:
        """Show them; None before anything is known, `more`: the examination goes on."""
        self._findings, self._more = findings, more or findings is None
        self._rebuild()

    def set_compact(self, compact: bool) -> None:
        """Little room: links become icons."""
        if compact != self._compact:
            self._compact = compact
            self._rebuild()

    def retranslate(self) -> None:
        """Every word again; findings come translated from the service."""
        self.title.setText(_("This computer"))
        self.recheck.setText(_("Check again"))
        self.report.setText(_("Copy report"))
        self._rebuild()

    def report_text(self) -> str:
        """All findings as plain text, for a person who asks for help."""
        return report_of(self._findings or [])

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report_text())
        self.copied.emit(_("The report is in the clipboard"))

    def copy_command(self, command: str) -> None:
        """Put a command into the clipboard and say so."""
        QGuiApplication.clipboard().setText(command)
        self.copied.emit(_("The command is in the clipboard; paste it into a terminal"))

    def _rebuild(self) -> None:
        self.report.setVisible(not self._more)
        self.recheck.setVisible(not self._more)
        rows = QWidget()
        rows.setObjectName("scrolled")
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(2, 1)
        found = _in_order(self._findings or [])
        for index, finding in enumerate(found):
            if index:
                grid.addWidget(Divider(), 2 * index, 0, 1, 4)
            self._add_row(grid, 2 * index + 1, finding)
        if self._more:
            last = 2 * len(found) + 1
            checking = Label(_("Checking…"), tone="3")
            checking.setContentsMargins(0, 8, 0, 8)
            grid.addWidget(self._icon("loader", "text3"), last, 0)
            grid.addWidget(checking, last, 1, 1, 2)
        grid.setRowStretch(grid.rowCount(), 1)
        self.area.setWidget(rows)
        self.area.updateGeometry()

    def _add_row(self, grid: QGridLayout, row: int, finding: Finding) -> None:
        noun = Label(finding.noun, tone="2")
        texts = QWidget()
        column = QVBoxLayout(texts)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(0)
        fact = finding.fact
        if finding.consequence:
            fact = _("{one} {two}").format(one=finding.fact, two=finding.consequence)
        if _serious(finding):
            # what is wrong may take its room; what is well stays in one line
            column.addWidget(Label(fact, wrap=True, selectable=True))
            if finding.advice:
                column.addWidget(Label(finding.advice, role="small", tone="2", wrap=True))
        else:
            line = ElidedLabel(fact)
            line.set_hint(finding.advice)
            column.addWidget(line)
        grid.addWidget(self._icon(*look(finding)), row, 0)
        grid.addWidget(noun, row, 1)
        grid.addWidget(texts, row, 2, 1, 1 if finding.command else 2)
        if finding.command:
            words = _("Copy the command")
            link = LinkButton(
                self._appearance, "" if self._compact else words, icon="copy" if self._compact else ""
            )
            link.setAccessibleName(words)
            link.setToolTip("\n".join(filter(None, [finding.advice or words, finding.command])))
            link.clicked.connect(lambda _on=False, text=finding.command: self.copy_command(text))
            grid.addWidget(link, row, 3)

    def _icon(self, name: str, token: str) -> Label:
        icon = Label()
        icon.setFixedWidth(18)
        icon.setPixmap(self._appearance.pixmap(name, token, 16))
        return icon


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """The doctor's order, with the optional parts that work without at the end."""
    return sorted(findings, key=lambda finding: finding.code.startswith("extra") and not _serious(finding))


def _serious(finding: Finding) -> bool:
    return finding.severity in ("error", "warning")
