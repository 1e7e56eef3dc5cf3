"""A card that is one of several choices: title, a sentence, a line of figures; all of it clickable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.painting import draw_box

_DOT = 16


class ChoiceCard(QAbstractButton):
    """One choice. Cards of one group are exclusive; the arrow keys move between them.

    Args:
        appearance: where colours come from.
        key: what is chosen with it.
        icon: in front of the title, or empty.
    """

    def __init__(
        self, appearance: Appearance, key: str, *, icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.key = key
        self._appearance = appearance
        self._icon_name = icon
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._icon = Label()
        self.title = ElidedLabel(role="card")
        self.aside = ElidedLabel(role="small", tone="3")
        self.sentence = Label(role="small", tone="2", wrap=True)
        self.figures = Label(role="small", tone="2", tabular=True, wrap=True)
        self.note = Label(role="small", wrap=True)
        self.note.hide()
        self._lay_out()
        self.toggled.connect(self._restyle)
        appearance.changed.connect(self._restyle)
        self._restyle()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        if self._icon_name:
            top.addWidget(self._icon)
        top.addWidget(self.title, 1)
        top.addSpacing(_DOT + 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(4)
        column.addLayout(top)
        for label in (self.aside, self.sentence, self.figures, self.note):
            column.addWidget(label)
        column.addStretch(1)
        for label in self.findChildren(Label):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_texts(self, title: str, sentence: str, *, aside: str = "", figures: str = "") -> None:
        """What the card says, translated."""
        self.title.setText(title)
        self.aside.setText(aside)
        self.aside.setVisible(bool(aside))
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.figures.setText(figures)
        self.figures.setVisible(bool(figures))
        self.setAccessibleName(". ".join(filter(None, [title, aside, sentence, figures])))

    def set_note(self, text: str, tone: str = "3") -> None:
        """A last line: recommended, or why it does not fit; empty hides it."""
        self.note.setText(text)
        self.note.set_tone(tone)
        self.note.setVisible(bool(text))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.heightForWidth(width) if layout else 0

    def sizeHint(self) -> QSize:
        width = self.width() if self.testAttribute(Qt.WidgetAttribute.WA_Resized) else 250
        return QSize(min(width, 250), self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
        }.get(Qt.Key(event.key()))
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if step is not None and plain and self._step(step):
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.click()
            return
        super().keyPressEvent(event)

    def _step(self, step: int) -> bool:
        group = self.group()
        if group is None:
            return False
        cards = [card for card in group.buttons() if card.isVisible()]
        index = cards.index(self) + step
        if 0 <= index < len(cards):
            cards[index].setFocus(Qt.FocusReason.TabFocusReason)
            cards[index].click()
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look, area = QPainter(self), self._appearance, QRectF(self.rect())
        on = self.isChecked()
        ground = "selected" if on else "hover" if self.underMouse() else "surface"
        border = "accent" if on or self.hasFocus() else "border"
        width = 2 if self.hasFocus() else 1
        draw_box(painter, area, fill=look.color(ground), border=look.color(border), radius=10, width=width)
        if not self.isCheckable():
            return
        circle = QRectF(area.right() - 14 - _DOT, 14, _DOT, _DOT)
        if on:
            draw_box(painter, circle, fill=look.color("accent"), radius=_DOT / 2)
            draw_box(painter, circle.adjusted(5, 5, -5, -5), fill=look.color("on_accent"), radius=3)
        else:
            ring = look.color("border_control")
            draw_box(painter, circle, fill=look.color("surface"), border=ring, radius=_DOT / 2)

    def _restyle(self) -> None:
        if self._icon_name:
            token = "accent_text" if self.isChecked() else "text2"
            self._icon.setPixmap(self._appearance.pixmap(self._icon_name, token, 18))
        self.update()


def let_tab_reach_one(cards: Iterable[ChoiceCard]) -> None:
    """Tab stops once at a group, at the chosen card or the first; the arrow keys do the rest."""
    visible = [card for card in cards if not card.isHidden()]
    stop = next((card for card in visible if card.isChecked()), visible[0] if visible else None)
    for card in visible:
        policy = Qt.FocusPolicy.StrongFocus if card is stop else Qt.FocusPolicy.ClickFocus
        card.setFocusPolicy(policy)


class CardGrid(QWidget):
    """Cards in as many columns as the width has room for, equal in width; rows equal in height."""

    def __init__(self, *, least_width: int = 250, gap: int = 12, parent: QWidget | None = None) -> None:
        """
        Args:
            least_width: a card is never narrower while there is room for one; it decides the columns.
            gap: between cards.
            parent: as in Qt.
        """
        super().__init__(parent)
        self._least, self._gap = least_width, gap
        self._cards: list[QWidget] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_cards(self, cards: Sequence[QWidget]) -> None:
        """Show these, in reading order; those of before that are not among them are hidden."""
        for old in self._cards:
            old.setVisible(old in cards)
        self._cards = [*cards]
        for card in self._cards:
            card.setParent(self)
            card.show()
        self.updateGeometry()
        self._place()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(width, move=False)

    def sizeHint(self) -> QSize:
        width = self.width() or self._least
        return QSize(self._least, self._arrange(width, move=False))

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._least, 200), self._arrange(max(self.width(), 200), move=False))

    def resizeEvent(self, event: object) -> None:
        self._place()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place()
        return done

    def _place(self) -> None:
        if self._arrange(self.width(), move=True) != self.height():
            # a card may wrap its text in another way once it has its width
            self.updateGeometry()

    def _arrange(self, width: int, *, move: bool) -> int:
        if not self._cards:
            return 0
        columns = max(1, (width + self._gap) // (self._least + self._gap))
        each = (width - self._gap * (columns - 1)) // columns
        top = 0
        for start in range(0, len(self._cards), columns):
            row = self._cards[start : start + columns]
            height = max(_height(card, each) for card in row)
            if move:
                for column, card in enumerate(row):
                    card.setGeometry(column * (each + self._gap), top, each, height)
            top += height + self._gap
        return top - self._gap


def _height(card: QWidget, width: int) -> int:
    return card.heightForWidth(width) if card.hasHeightForWidth() else card.sizeHint().height()
