"""The computer in one line: what computes, how much memory and disk, and whether something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from minimind.text import _, ngettext
from studio.ui.appearance import Appearance
from studio.ui.doctor_words import to_act_on
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.labels import ElidedLabel, Label

if TYPE_CHECKING:
    from minimind.doctor import Finding

_CODES = ("card", "no_card", "ram", "ram_low", "disk", "disk_low")


class ComputerLine(QWidget):
    """Icon, facts, link.

    Signals:
        details_clicked: show everything that was looked at.
    """

    details_clicked = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._open = False
        self._icon = Label()
        self.text = ElidedLabel(role="small", tone="2")
        self.details = LinkButton(appearance)
        self.details.clicked.connect(self.details_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self.text, 1)
        row.addWidget(self.details)

    def set_findings(self, findings: Sequence[Finding] | None) -> None:
        """Show them; None while the first examination goes on."""
        wrong = to_act_on(findings or [])
        icon, token = ("triangle-alert", "warning") if wrong else ("circle-check", "success")
        if findings is None:
            icon, token = "loader", "text3"
        self._icon.setPixmap(self._appearance.pixmap(icon, token, 16))
        facts = [f"{item.noun} {item.fact.rstrip('.。')}" for item in findings or [] if item.code in _CODES]
        text = " · ".join(facts) if findings is not None else _("Checking…")
        if wrong:
            count = ngettext("{n} suggestion", "{n} suggestions", len(wrong)).format(n=len(wrong))
            text = f"{count} · {text}"
        self.text.setText(text)
        self.set_open(self._open)

    def set_open(self, is_open: bool) -> None:
        """Whether the details are on show."""
        self._open = is_open
        self.details.setText(_("Hide") if is_open else _("Details"))
