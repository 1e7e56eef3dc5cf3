"""A small field that floats over a row: tags, or a note."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from minimind.text import _
from studio.store.records import Run
from studio.ui.runs import query
from studio.ui.widgets.labels import Label


class EditPopup(QFrame):
    """Enter takes the text over, Esc or a click elsewhere leaves it.

    Signals:
        accepted(str): what a person typed.
    """

    accepted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("floating", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = Label(role="small", tone="2")
        self.field = QLineEdit()
        self.field.setMinimumWidth(280)
        self.hint = Label(role="small", tone="3")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.label)
        column.addWidget(self.field)
        column.addWidget(self.hint)
        self.field.returnPressed.connect(self._accept)

    def ask_for(self, what: str, run: Run, place: QPoint) -> None:
        """Ask for the "tags" or the "note" of a run."""
        if what == "tags":
            self.ask(_("Tags"), ", ".join(run.tags), _("Separated by spaces or commas"), place)
        else:
            self.ask(_("Note"), run.note, "", place)

    def ask(self, label: str, text: str, hint: str, place: QPoint) -> None:
        """Open at a place on the screen.

        Args:
            label: what is edited; hint: one line below the field; both translated.
            text: the present value.
        """
        self.label.setText(label)
        self.field.setAccessibleName(label)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.field.setText(text)
        self.adjustSize()
        self.move(place)
        self.show()
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    @staticmethod
    def notes(what: str, text: str) -> dict[str, object]:
        """What a person typed, as `change_notes` takes it."""
        return {"tags": query.parse_tags(text)} if what == "tags" else {"note": " ".join(text.split())}

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def _accept(self) -> None:
        self.close()
        self.accepted.emit(self.field.text())
