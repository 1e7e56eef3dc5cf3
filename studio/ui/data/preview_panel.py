"""One row: as it stands in the file, as the template makes it, and as it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIntValidator, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from minimind.text import _, ngettext
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.data import words
from studio.ui.data.token_view import TokenView
from studio.ui.shell.terms import set_term
from studio.ui.widgets.buttons import IconButton, LinkButton
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.painting import draw_box
from studio.ui.widgets.segmented import SegmentedControl

if TYPE_CHECKING:
    from studio.planning.row_reader import RowView

RAW, TEMPLATE, TRAINED = "raw", "template", "trained"
VIEWS = (RAW, TEMPLATE, TRAINED)
# of a raw row, until somebody asks for all of it
RAW_LIMIT = 20_000


class Swatch(QWidget):
    """A small sample of a ground: `trained`, `context` or `special`."""

    def __init__(self, appearance: Appearance, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance, self._kind = appearance, kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        appearance.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(22, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter, area = self._appearance, QPainter(self), QRectF(self.rect())
        if self._kind == "trained":
            painter.fillRect(area, look.color("mask"))
            painter.fillRect(QRectF(0, area.bottom() - 2, area.width(), 2), look.color("curve1"))
        elif self._kind == "special":
            draw_box(painter, area, fill=look.color("sunken"), border=look.color("border"), radius=3)
        else:
            draw_box(painter, area, border=look.color("border_strong"), radius=3)


class PreviewPanel(QWidget):
    """Rows one by one with three views, a legend and a sentence that says what the colours mean.

    Signals:
        row_wanted(number): another row, from 1.
        menu_wanted(Run or None, QPoint): a right click on what is shown.
    """

    row_wanted = Signal(int)
    menu_wanted = Signal(object, QPoint)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.view: RowView | None = None
        self._rows, self._asked, self._whole = 0, 1, False
        self._exact, self._raw_shown = True, ""
        self.before = IconButton(appearance, "chevron-left", kind="normal")
        self.number = LinkButton(appearance)
        self.field = QLineEdit()
        self.field.setFixedWidth(96)
        self.field.hide()
        self.of = Label(tone="3", tabular=True)
        self.next = IconButton(appearance, "chevron-right", kind="normal")
        self.which = SegmentedControl(appearance, [(key, key) for key in VIEWS])
        self.which.select(TRAINED)
        self.legend = {kind: Label(role="small", tone="2") for kind in ("trained", "context", "special")}
        self.legend_numbers = {kind: Label(role="small", tabular=True) for kind in self.legend}
        self.split = Label(role="small", tone="2")
        self.where = ElidedLabel(role="small", tone="3")
        self.tokens = TokenView(appearance)
        self.raw = QPlainTextEdit()
        self.raw.setProperty("role", "mono")
        self.raw.setProperty("log", "true")
        self.raw.setReadOnly(True)
        self.raw.setFont(appearance.font("mono"))
        self.raw.setTabChangesFocus(True)
        self.more = LinkButton(appearance)
        self.note = Label(tone="2", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.footer = Label(role="small", tone="2", wrap=True)
        self._footer_icon = Label()
        self._lay_out()
        self._connect()

    # -- building --------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (self.before, self.number, self.field, self.of, self.next):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self.which)
        self._legend_row = QWidget()
        legend = QHBoxLayout(self._legend_row)
        legend.setContentsMargins(0, 0, 0, 0)
        legend.setSpacing(6)
        for kind, label in self.legend.items():
            legend.addWidget(Swatch(self._appearance, kind))
            legend.addWidget(label)
            legend.addWidget(self.legend_numbers[kind])
            legend.addSpacing(10)
        legend.addWidget(self.split)
        legend.addStretch(1)
        self._views = QStackedWidget()
        for shown in (self.tokens, self.raw, self.note):
            self._views.addWidget(shown)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._footer_icon, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.footer, 1)
        inner = QVBoxLayout()
        inner.setContentsMargins(18, 12, 18, 4)
        inner.setSpacing(8)
        inner.addLayout(top)
        inner.addWidget(self._legend_row)
        inner.addWidget(self.where)
        inner.addWidget(Divider())
        inner.addWidget(self._views, 1)
        inner.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        low = QVBoxLayout()
        low.setContentsMargins(18, 8, 18, 10)
        low.addLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(inner, 1)
        column.addWidget(Divider())
        column.addLayout(low)
        self.more.hide()

    def _connect(self) -> None:
        self.before.clicked.connect(lambda: self.step(-1))
        self.next.clicked.connect(lambda: self.step(1))
        self.number.clicked.connect(self.ask_row)
        self.field.returnPressed.connect(self._on_field)
        self.field.editingFinished.connect(self._close_field)
        self.which.selected.connect(lambda _key: self._show())
        self.more.clicked.connect(self._on_more)
        self.tokens.laid_out.connect(self._show_more)
        self.tokens.menu_wanted.connect(self.menu_wanted)
        self.raw.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.raw.customContextMenuRequested.connect(
            lambda place: self.menu_wanted.emit(None, self.raw.viewport().mapToGlobal(place))
        )

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.before.set_name(_("Row before"), "K")
        self.next.set_name(_("Next row"), "J")
        self.number.set_hint(_("Go to a row"), "G")
        self.field.setAccessibleName(_("Go to row"))
        names = {RAW: _("Raw"), TEMPLATE: _("Template"), TRAINED: _("What is trained")}
        self.which.set_segments([(key, names[key]) for key in VIEWS])
        self.which.setAccessibleName(_("View"))
        tips = _tips()
        for at, key in enumerate(VIEWS, 1):
            self.which.segment(key).setToolTip(f"{tips[key]}  {at}")
        for part in (self.which.segment(TRAINED), self.tokens, self.legend["trained"]):
            set_term(part, "loss_mask")
        self.legend["trained"].setText(_("Trained"))
        self.legend["context"].setText(_("Context only"))
        self.legend["special"].setText(_("Special"))
        self.raw.setAccessibleName(_("The row as it stands in the file"))
        self.tokens.setAccessibleName(_("The row, token by token"))
        self._footer_icon.setPixmap(self._appearance.pixmap("info", "text2", 14))
        self._show()

    # -- what it shows ---------------------------------------------------------------------------------

    def set_rows(self, rows: int, *, exact: bool) -> None:
        """How many there are; not `exact` while the file is being counted."""
        self._rows, self._exact = rows, exact
        self._show_number()

    def show_row(self, view: RowView) -> None:
        """Show a row."""
        if self.view is None or (self.view.path, self.view.number) != (view.path, view.number):
            self._whole = False
        self.view, self._asked = view, view.number
        self._show()

    def show_note(self, text: str) -> None:
        """Say why there is no row to show."""
        self.view = None
        self.note.setText(text)
        self._show()

    def _show(self) -> None:
        view, which = self.view, self.which.current()
        self._show_number()
        self._legend_row.setVisible(view is not None and which == TRAINED)
        self.where.setVisible(view is not None and which != TRAINED)
        # only there do the colours stand for something
        coloured = which == TRAINED or (view is not None and view.kind == "text")
        meaning = "" if view is None else words.footer(view.kind)
        self.footer.setText(meaning if coloured or view is None else _tips()[which])
        self._footer_icon.setVisible(view is not None)
        if view is None:
            self._views.setCurrentWidget(self.note)
            self.more.hide()
            return
        sums = view.sums
        numbers = {"trained": sums.trained, "context": sums.context, "special": sums.special}
        for kind, number in numbers.items():
            self.legend_numbers[kind].setText(fmt.exact(number))
        self.split.setText(_split_words(sums.split))
        self.split.setToolTip(_("The small number says how many tokens make one character"))
        self.where.setText(_("{line} of the file").format(line=words.line_words(view.line)))
        if which == RAW:
            shown = view.raw if self._whole else view.raw[:RAW_LIMIT]
            if shown != self._raw_shown:
                # not compared with the field: Qt gives other spaces back
                self._raw_shown = shown
                self.raw.setPlainText(shown)
            self._views.setCurrentWidget(self.raw)
        else:
            self.tokens.show_turns(view.turns, masked=which == TRAINED, whole=self._whole)
            self._views.setCurrentWidget(self.tokens)
        self._show_more()

    def _show_number(self) -> None:
        shown = self.view.number if self.view else self._asked
        self.number.setText(_("Row {n}").format(n=fmt.exact(shown)))
        more = "" if self._exact else "+"
        self.of.setText(f"/ {fmt.exact(self._rows)}{more}" if self._rows else "")
        self.before.setEnabled(self._asked > 1)
        self.next.setEnabled(self._asked < self._rows or not self._exact)
        self.number.setEnabled(self._rows > 0)

    def _show_more(self) -> None:
        view = self.view
        if view is None or self._whole:
            self.more.hide()
            return
        if self.which.current() == RAW:
            hidden = max(0, len(view.raw) - RAW_LIMIT)
            words_ = ngettext("Show {n} more character", "Show {n} more characters", hidden)
        else:
            hidden = self.tokens.hidden_runs
            words_ = ngettext("Show {n} more token", "Show {n} more tokens", hidden)
        self.more.setVisible(hidden > 0)
        self.more.setText(words_.format(n=fmt.exact(hidden)))

    # -- what a person does ----------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """The row before, or the next one."""
        wanted = self._asked + by
        if wanted >= 1 and (wanted <= self._rows or not self._exact):
            self._want(wanted)

    def ask_row(self) -> None:
        """Open the field for a row's number."""
        if self._rows:
            self.number.hide()
            self.field.setValidator(QIntValidator(1, 2_000_000_000, self))
            self.field.setText(str(self._asked))
            self.field.show()
            self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.field.selectAll()

    def choose_view(self, at: int) -> None:
        """1 raw, 2 template, 3 what is trained."""
        self.which.select(VIEWS[at - 1])
        self._show()

    def escape(self) -> bool:
        """Esc closes the field."""
        if self.field.isVisible():
            self._close_field()
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.field.isVisible() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # the field has had it
            return
        super().keyPressEvent(event)

    def _want(self, number: int) -> None:
        self._asked = number
        self._show_number()
        self.row_wanted.emit(number)

    def _on_field(self) -> None:
        text = self.field.text()
        if text.isdigit():
            number = max(1, int(text))
            self._want(min(number, self._rows) if self._exact else number)
        self._close_field()

    def _close_field(self) -> None:
        if self.field.isVisible():
            had = self.field.hasFocus()
            self.field.hide()
            self.number.show()
            if had:
                self._focus_view()

    def _on_more(self) -> None:
        self._whole = True
        if self.which.current() == RAW:
            self._show()
        else:
            self.tokens.show_all()
            self._show_more()
        self._focus_view()

    def _focus_view(self) -> None:
        (self.raw if self.which.current() == RAW else self.tokens).setFocus()


def _tips() -> dict[str, str]:
    return {
        RAW: _("As it stands in the file"),
        TEMPLATE: _("As the chat template makes it"),
        TRAINED: _("Token by token, with the loss mask"),
    }


def _split_words(split: int) -> str:
    if not split:
        return ""
    words_ = ngettext("{n} rare character in several tokens", "{n} rare characters in several tokens", split)
    return words_.format(n=fmt.exact(split))
