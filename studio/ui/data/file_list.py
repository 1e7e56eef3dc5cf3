"""The files of the project, and the place where others are dropped."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from minimind.text import _
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.run.row_list import RowList
from studio.ui.run.rows import Row
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, Label
from studio.ui.widgets.painting import draw_box

# else a list of files would look for a name that begins with it
_PAGE_KEYS = {
    *(Qt.Key.Key_J, Qt.Key.Key_K, Qt.Key.Key_G, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Delete),
}


class DropZone(QAbstractButton):
    """A dashed box that says what can be dropped; a press asks for files."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._below = ""
        self._low = self.over = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        appearance.changed.connect(self._on_changed)

    def set_texts(self, text: str, below: str) -> None:
        """Two lines; the second goes where room is short."""
        self.setText(text)
        self._below = below
        self.setAccessibleDescription(below)
        self.update()

    def set_low(self, low: bool) -> None:
        """One line only."""
        self._low = low
        self.updateGeometry()
        self.update()

    def set_over(self, over: bool) -> None:
        """Files are held above the page."""
        self.over = over
        self.update()

    def sizeHint(self) -> QSize:
        look = self._appearance
        lines = look.line_height("body") + (0 if self._low else 22 + 8 + look.line_height("small"))
        return QSize(160, lines + (16 if self._low else 30))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._appearance
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        active = self.over or self.isDown()
        painter.setBrush(look.color("accent_soft" if active else "hover" if self.underMouse() else "surface"))
        painter.setPen(QPen(look.color("accent" if active else "border_strong"), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(area, 8, 8)
        if self.hasFocus():
            draw_box(painter, area, border=look.color("accent"), radius=8, width=2)
        body, small = look.line_height("body"), look.line_height("small")
        centre = int(Qt.AlignmentFlag.AlignCenter)
        painter.setFont(look.font("body"))
        painter.setPen(look.color("accent_text" if self.over else "text2"))
        if self._low:
            painter.drawText(area, centre, self.text())
            return
        top = area.top() + 12
        painter.drawPixmap(round(area.center().x() - 11), round(top), look.pixmap("upload", "text2", 22))
        painter.drawText(QRectF(area.left(), top + 28, area.width(), body), centre, self.text())
        font = look.font("small")
        below = QFontMetrics(font).elidedText(
            self._below, Qt.TextElideMode.ElideRight, round(area.width()) - 12
        )
        painter.setFont(font)
        painter.setPen(look.color("text3"))
        painter.drawText(QRectF(area.left(), top + 28 + body, area.width(), small), centre, below)

    def _on_changed(self) -> None:
        self.updateGeometry()
        self.update()


class FileList(Card):
    """Rows of files with a drop zone below.

    Signals:
        chosen(path): a file is the one in sight now.
        menu_wanted(path, QPoint): a right click on a file.
        pick_wanted: the drop zone was pressed.
    """

    chosen = Signal(str)
    menu_wanted = Signal(str, QPoint)
    pick_wanted = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(padded=False, parent=parent)
        self.title, self.count = Label(role="card"), Label(role="small", tone="2", tabular=True)
        self.list = RowList(appearance)
        self.drop = DropZone(appearance)
        head = QHBoxLayout()
        head.setContentsMargins(14, 9, 14, 9)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.count)
        foot = QVBoxLayout()
        foot.setContentsMargins(14, 8, 14, 14)
        foot.addWidget(self.drop)
        self.body.setSpacing(0)
        self.body.addLayout(head)
        self.body.addWidget(Divider())
        self.body.addWidget(self.list, 1)
        self.body.addLayout(foot)
        self.list.selectionModel().currentChanged.connect(lambda _now, _before: self._on_current())
        self.list.row_chosen.connect(lambda row: self.chosen.emit(row.path))
        self.list.menu_wanted.connect(lambda row, place: self.menu_wanted.emit(row.path, place))
        self.drop.clicked.connect(self.pick_wanted)
        self._quiet = False
        self.list.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if plain and Qt.Key(event.key()) in _PAGE_KEYS:
                # ignored, it goes on to the page
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.title.setText(_("Data of this project"))
        self.list.setAccessibleName(_("Data of this project"))
        self.list.set_empty(_("Nothing here yet."))
        self.drop.set_texts(_("Drop files here"), _("jsonl · txt · csv · json, any encoding"))
        self.drop.setToolTip("\n".join([_("Or press to choose files"), self.drop.accessibleDescription()]))

    def set_rows(self, rows: Sequence[Row], current: str) -> None:
        """Show these files; `current` is the path of the selected one."""
        self._quiet = True
        self.list.set_rows(rows)
        self.count.setText(fmt.exact(len(rows)) if rows else "")
        at = next((index for index, row in enumerate(rows) if row.path == current), -1)
        if at >= 0 and self.list.currentIndex().row() != at:
            self.list.select(at)
        self._quiet = False

    def _on_current(self) -> None:
        row = self.list.current_row()
        if row is not None and not self._quiet:
            self.chosen.emit(row.path)
