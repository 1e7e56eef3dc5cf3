"""The glossary over the window: words at the left, what the chosen one means at the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from minimind import glossary
from minimind.glossary import TERMS
from minimind.glossary.term import Term
from minimind.text import _, in_every_language
from studio.ui.appearance import Appearance
from studio.ui.shell.matching import Entry, rank
from studio.ui.widgets.buttons import IconButton, LinkButton
from studio.ui.widgets.labels import Divider, Label
from studio.ui.widgets.overlay import Overlay

WIDTH, HEIGHT, LIST = 680, 420, 190
_KEY = Qt.ItemDataRole.UserRole


class GlossaryPanel(Overlay):
    """Every word, found by typing; Esc, F1, a press beside it or the cross close it."""

    def __init__(self, appearance: Appearance, over: QWidget) -> None:
        super().__init__(over)
        self._appearance = appearance
        self._key = TERMS[0].key
        self.title = Label(role="heading")
        self._close = IconButton(appearance, "x", small=True)
        self._close.clicked.connect(self.hide)
        self.field = QLineEdit()
        self.field.textChanged.connect(lambda _text: self._fill())
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setProperty("rows", "words")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(self._on_chosen)
        self.word = Label(role="title")
        self.expert = Label(role="small", tone="3", selectable=True)
        self.text = Label(role="reading", wrap=True, selectable=True)
        self._see = Label(role="small", tone="3")
        self._links = QHBoxLayout()
        self._links.setSpacing(4)
        self._lay_out()
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self._close)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.field)
        left.addWidget(self.list, 1)
        for part in (self.field, self.list):
            part.setFixedWidth(LIST)
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addWidget(self.word)
        right.addWidget(self.expert)
        right.addSpacing(10)
        right.addWidget(self.text)
        right.addStretch(1)
        right.addWidget(self._see)
        right.addLayout(self._links)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addLayout(left)
        body.addWidget(Divider(vertical=True))
        body.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 20)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(body, 1)

    def retranslate(self) -> None:
        """Every text again."""
        self.title.setText(_("Glossary"))
        self._close.set_name(_("Close"), "Esc")
        words = _("Find a word")
        self.field.setPlaceholderText(words)
        self.field.setAccessibleName(words)
        self.list.setAccessibleName(_("Words"))
        self._fill()

    def open(self, term: Term | None = None) -> None:
        """Explain a word; None shows the first one, ready to look for others."""
        self._key = (term or TERMS[0]).key
        self.field.clear()
        self._fill()
        self.open_at(self.list if term is not None else self.field)

    @property
    def shown(self) -> Term:
        """The word that is explained."""
        term = glossary.find(self._key)
        assert term is not None
        return term

    def place(self) -> None:
        room = self._over.size()
        scale = self._appearance.scale
        self.setFixedSize(
            min(round(WIDTH * scale), room.width() - 32), min(round(HEIGHT * scale), room.height() - 32)
        )
        super().place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.hide()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        arrows = (Qt.Key.Key_Down, Qt.Key.Key_Up)
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if watched is self.field and pressed and isinstance(event, QKeyEvent) and event.key() in arrows:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
            return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        entries = [
            Entry(
                key=term.key,
                title=_(term.word),
                words=(*in_every_language(term.word), term.expert, term.key, *term.names),
            )
            for term in TERMS
        ]
        found = [match.entry for match in rank(entries, self.field.text())]
        self.list.blockSignals(True)
        self.list.clear()
        for entry in found:
            item = QListWidgetItem(entry.title)
            item.setData(_KEY, entry.key)
            self.list.addItem(item)
        keys = [entry.key for entry in found]
        if self.field.text() and keys:
            self._key = keys[0]
        if self._key in keys:
            self.list.setCurrentRow(keys.index(self._key))
        self.list.blockSignals(False)
        self._explain()

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._key = item.data(_KEY)
            self._explain()

    def _explain(self) -> None:
        term = self.shown
        word = _(term.word)
        self.word.setText(word)
        # expert names stay visible: what papers call it, and the English word in a Chinese window
        names = [term.word if word != term.word else "", term.expert]
        self.expert.setText(" · ".join(filter(None, names)))
        self.expert.setVisible(bool(self.expert.text()))
        self.text.setText(_(term.text))
        while (item := self._links.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._see.setText(_("See also"))
        self._see.setVisible(bool(term.also))
        for key in term.also:
            other = glossary.find(key)
            if other is not None:
                link = LinkButton(self._appearance, _(other.word))
                link.clicked.connect(lambda _on=False, key=key: self._go_to(key))
                self._links.addWidget(link)
        self._links.addStretch(1)

    def _go_to(self, key: str) -> None:
        self._key = key
        self.field.clear()
        self._fill()
        # the link that was pressed is gone
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
