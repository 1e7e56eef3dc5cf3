"""The wizard's upper and lower edge: title and how much to show; back, next and the keys that start."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from minimind.text import _, ngettext
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.key_cap import KeyCap
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.segmented import SegmentedControl

SIMPLE, ALL = "simple", "all"


class HeaderBar(QWidget):
    """Title, how many changes are hidden, Simple or All settings, Discard."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self.title = ElidedLabel(role="title")
        self.hidden_changes = ElidedLabel(role="small", tone="3")
        self._show_label = Label(tone="2")
        self.detail = SegmentedControl(appearance, [(SIMPLE, ""), (ALL, "")])
        self.discard = Button(appearance, kind="ghost", icon="x")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.title, 1)
        for widget in (self.hidden_changes, self._show_label, self.detail, self.discard):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_hidden(self, count: int) -> None:
        """So many changes are not visible in the simple form; 0 says nothing."""
        text = ngettext("{n} more change is not shown", "{n} more changes are not shown", count)
        self.hidden_changes.setText(text.format(n=count) if count else "")

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(_("New run"))
        self._show_label.setText(_("Show"))
        self.detail.set_segments([(SIMPLE, _("Simple")), (ALL, _("All settings"))])
        self.detail.setAccessibleName(_("How much to show"))
        self.detail.setToolTip(_("All settings") + "  Ctrl+E")
        self.discard.setText(_("Discard"))
        self.discard.set_hint(_("Throw this plan away"))


class FooterBar(QWidget):
    """Back and Next; at the right the keys that press the start button, and what that does now.

    Signals:
        back_pressed, next_pressed: to the step before or behind.
    """

    back_pressed = Signal()
    next_pressed = Signal()

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self.back = Button(appearance, icon="chevron-left")
        self.next = Button(appearance, icon="chevron-right")
        self.next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.back.clicked.connect(self.back_pressed)
        self.next.clicked.connect(self.next_pressed)
        self.start_label = Label(role="small", tone="2")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.back)
        row.addWidget(self.next)
        row.addStretch(1)
        row.addWidget(KeyCap(appearance, "Ctrl"))
        row.addWidget(KeyCap(appearance, "Enter"))
        row.addWidget(self.start_label)

    def retranslate(self) -> None:
        """Set every text again."""
        self.back.setText(_("Back"))
        self.back.set_hint(_("The step before"), "Alt+←")
        self.next.setText(_("Next"))
        self.next.set_hint(_("The next step"), "Alt+→")
