"""The middle column of the chat page: model and menu, banner, messages or what stands for them, input."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from studio.ui.appearance import Appearance
from studio.ui.chat.composer import Composer
from studio.ui.chat.examples import Examples
from studio.ui.chat.model_button import ModelButton
from studio.ui.chat.transcript import COLUMN, COLUMN_WIDE, WIDE_FROM, Transcript
from studio.ui.widgets.banner import Banner
from studio.ui.widgets.buttons import IconButton
from studio.ui.widgets.empty_state import EmptyState

_MARGIN = 24


class ChatColumn(QWidget):
    """Holds the widgets; what they do is the page's business."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = ModelButton(appearance)
        self.panel_button = IconButton(appearance, "sliders-horizontal", kind="normal")
        self.more = IconButton(appearance, "ellipsis", kind="normal")
        self.menu = QMenu(self)
        self.more.setMenu(self.menu)
        self.banner = Banner(appearance)
        self.transcript = Transcript(appearance)
        self.empty = EmptyState(appearance, "message-circle")
        self.blank = QWidget()
        self.middle = QStackedWidget()
        for widget in (self.transcript, self.empty, self.blank):
            self.middle.addWidget(widget)
        self.examples = Examples(appearance)
        self.composer = Composer(appearance)
        self.foot = QWidget()
        # what is told at the bottom right stays above it
        self.foot.setProperty("foot", True)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QFrame()
        head.setProperty("edge", "bottom")
        top = QHBoxLayout(head)
        top.setContentsMargins(_MARGIN, 10, _MARGIN, 10)
        top.setSpacing(8)
        top.addWidget(self.model)
        top.addStretch(1)
        top.addWidget(self.panel_button)
        top.addWidget(self.more)
        foot = QVBoxLayout(self.foot)
        foot.setContentsMargins(0, 0, 0, 16)
        foot.setSpacing(12)
        foot.addWidget(self.examples)
        foot.addWidget(self.composer)
        banner = QHBoxLayout()
        banner.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        banner.addWidget(self.banner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(head)
        column.addLayout(banner)
        column.addWidget(self.middle, 1)
        column.addWidget(self.foot, 0, Qt.AlignmentFlag.AlignHCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # the input is as wide as the messages above it
        width = min(COLUMN_WIDE if self.width() >= WIDE_FROM else COLUMN, self.width() - 2 * _MARGIN)
        self.foot.setFixedWidth(max(240, width))
