"""What the doctor found on this computer: the most serious first, each with one piece of advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from minimind.text import _, ngettext
from studio.services.system_service import SystemService
from studio.ui.appearance import Appearance
from studio.ui.doctor_words import look, report_of, to_act_on
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.page_header import PageHeader

if TYPE_CHECKING:
    from minimind.doctor import Finding

WIDTH, NOUN = 860, 150


class DoctorPage(Page):
    """The list, with "Check again" and "Copy report"."""

    def __init__(self, appearance: Appearance, navigator: Navigator, system: SystemService) -> None:
        super().__init__(appearance)
        self._navigator = navigator
        self._system = system
        self._checking = system.findings() is None
        self.header = PageHeader(appearance)
        self.recheck = Button(appearance, kind="primary", icon="refresh-cw")
        self.recheck.clicked.connect(self._on_recheck)
        self.report = Button(appearance, icon="copy")
        self.report.clicked.connect(self._on_report)
        self.header.set_actions([self.report, self.recheck])
        self.rows: list[FindingRow] = []
        self._card = Card(padded=False)
        self._card.body.setSpacing(0)
        self._lay_out()
        self.retranslate()
        system.doctor_changed.connect(self._on_doctor_changed)

    def _lay_out(self) -> None:
        holder = QWidget()
        holder.setObjectName("scrolled")
        self._card.setMaximumWidth(WIDTH)
        self._card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 12, 24)
        inside.addWidget(self._card)
        inside.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(holder)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(16)
        self._column.addWidget(self.header)
        self._column.addWidget(self.area, 1)
        self.set_compact(False)

    def retranslate(self) -> None:
        self.header.set_title(_("Check this computer"))
        self.recheck.setText(_("Check again"))
        self.recheck.set_hint("", "Ctrl Enter")
        self.report.setText(_("Copy report"))
        self._show()

    def opened(self, request: Mapping[str, object]) -> None:
        self._show()

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        pad = self.padding
        self._column.setContentsMargins(pad, pad, pad, 0)

    def primary_action(self) -> QAbstractButton | None:
        return self.recheck

    def _show(self) -> None:
        findings = self._system.findings()
        self.recheck.setEnabled(not self._checking)
        self.report.setEnabled(bool(findings))
        if self._checking or findings is None:
            meta = _("Checking…")
        elif advice := len(to_act_on(findings)):
            meta = ngettext("{n} suggestion", "{n} suggestions", advice).format(n=advice)
        else:
            meta = _("System ready")
        self.header.set_meta(meta)
        self._fill(findings or [])

    def _fill(self, findings: Sequence[Finding]) -> None:
        body = self._card.body
        while (item := body.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.rows = [FindingRow(self.appearance, finding) for finding in findings]
        for number, row in enumerate(self.rows):
            if number:
                body.addWidget(Divider())
            body.addWidget(row)
            row.copy.clicked.connect(lambda _on=False, text=row.finding.command: self._copy(text))
        self._card.setVisible(bool(self.rows))

    def _on_recheck(self) -> None:
        self._checking = True
        self._show()
        self._system.recheck()

    def _on_doctor_changed(self, _findings: object) -> None:
        self._checking = False
        self._show()

    def _on_report(self) -> None:
        QGuiApplication.clipboard().setText(report_of(self._system.findings() or []))
        self._navigator.toast(_("The report is in the clipboard"))

    def _copy(self, command: str) -> None:
        QGuiApplication.clipboard().setText(command)
        self._navigator.toast(_("The command is in the clipboard; paste it into a terminal"))


class FindingRow(QWidget):
    """Icon, noun, finding and what follows, advice, and the command with its button."""

    def __init__(self, appearance: Appearance, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        icon = Label()
        icon.setPixmap(appearance.pixmap(*look(finding), 18))
        noun = Label(finding.noun, role="strong", wrap=True)
        noun.setFixedWidth(round(NOUN * appearance.scale))
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(Label(finding.fact, wrap=True, selectable=True))
        for text in (finding.consequence, finding.advice):
            if text:
                texts.addWidget(Label(text, tone="2", wrap=True, selectable=True))
        self.copy = Button(appearance, _("Copy the command"), icon="copy", size="small")
        if not finding.command:
            # only hidden, never shown without a parent: it would be a window for a moment
            self.copy.hide()
        else:
            line = QHBoxLayout()
            line.setSpacing(8)
            command = ElidedLabel(finding.command, role="mono", tone="2")
            line.addWidget(command, 1)
            line.addWidget(self.copy)
            texts.addSpacing(4)
            texts.addLayout(line)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 12, 18, 12)
        row.setSpacing(12)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(noun, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
