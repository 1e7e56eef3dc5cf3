"""What to do with a file that cannot be used as it is: say why, and turn it into one that can."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from minimind.data.fields import Fields, Mapping
from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.segmented import SegmentedControl

TEXT, CHAT = "text", "chat"


class ConvertPanel(QWidget):
    """The sentence about the file with its buttons; below, once asked for, which field is what.

    Signals:
        how_wanted: the person asks how to convert.
        convert_wanted(Mapping): write the new file.
        again_wanted, remove_wanted: look at the file again; take it off the list.
    """

    how_wanted = Signal()
    convert_wanted = Signal(object)
    again_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._fields: Fields | None = None
        self._icon = Label()
        self.sentence = Label(wrap=True, selectable=True)
        self.how = Button(appearance, icon="arrow-right-left")
        self.again = Button(appearance, icon="refresh-cw")
        self.remove = Button(appearance, kind="ghost")
        self.form = Card(look="true")
        self.explained = Label(tone="2", wrap=True)
        self.kind = SegmentedControl(appearance, [(TEXT, TEXT), (CHAT, CHAT)])
        self.labels = {key: Label(tone="2") for key in ("text", "question", "answer")}
        self.boxes = {key: QComboBox() for key in self.labels}
        self.examples = {key: ElidedLabel(role="small", tone="3") for key in self.labels}
        self.convert = Button(appearance, icon="arrow-right-left")
        self._lay_out()
        self.how.clicked.connect(self.how_wanted)
        self.again.clicked.connect(self.again_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        self.kind.selected.connect(lambda _key: self._show_form())
        self.convert.clicked.connect(lambda: self.convert_wanted.emit(self.mapping()))
        for box in self.boxes.values():
            box.currentIndexChanged.connect(lambda _at: self._show_form())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.sentence, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(28, 0, 0, 0)
        buttons.setSpacing(8)
        for button in (self.how, self.again, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(2, 1)
        for at, key in enumerate(self.labels):
            self.boxes[key].setMinimumWidth(140)
            grid.addWidget(self.labels[key], at, 0)
            grid.addWidget(self.boxes[key], at, 1)
            grid.addWidget(self.examples[key], at, 2)
        kind = QHBoxLayout()
        kind.addWidget(self.kind)
        kind.addStretch(1)
        end = QHBoxLayout()
        end.addWidget(self.convert)
        end.addStretch(1)
        self.form.body.setSpacing(12)
        self.form.body.addWidget(self.explained)
        self.form.body.addLayout(kind)
        self.form.body.addLayout(grid)
        self.form.body.addLayout(end)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 18)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(buttons)
        column.addWidget(self.form)
        column.addStretch(1)
        self.form.hide()

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self._icon.setPixmap(self._appearance.pixmap("circle-x", "danger", 18))
        self.how.setText(_("How to convert"))
        self.again.setText(_("Look again"))
        self.remove.setText(_("Remove from the project"))
        self.kind.set_segments([(TEXT, _("Text")), (CHAT, _("Question and answer"))])
        self.kind.setAccessibleName(_("What the rows become"))
        names = {
            "text": _("The text is in"),
            "question": _("The question is in"),
            "answer": _("The answer is in"),
        }
        for key, name in names.items():
            self.labels[key].setText(name)
            self.boxes[key].setAccessibleName(name)
        self.convert.setText(_("Write a new file"))
        self._show_form()

    def show_fault(self, sentence: str, *, gone: bool, convertible: bool) -> None:
        """Show why a file cannot be used.

        Args:
            sentence: what, where, what to do.
            gone: it is not there any more.
            convertible: its fields may be read.
        """
        if sentence != self.sentence.text():
            self.form.hide()
            self._fields = None
        self.sentence.setText(sentence)
        self.how.setVisible(convertible and not gone)
        self.again.setVisible(True)
        self.remove.setVisible(True)

    def show_fields(self, fields: Fields) -> None:
        """Let the person say which field is what; the names suggest a beginning."""
        self._fields = fields
        guess = fields.guess()
        self.kind.select(CHAT if guess.question else TEXT)
        chosen = {"text": guess.text, "question": guess.question, "answer": guess.answer}
        for key, box in self.boxes.items():
            box.blockSignals(True)
            box.clear()
            box.addItem("—", "")
            for name in fields.names:
                box.addItem(name, name)
            box.setCurrentIndex(max(0, box.findData(chosen[key])))
            box.blockSignals(False)
        self.form.show()
        self._show_form()

    def mapping(self) -> Mapping:
        """What the person said so far."""
        chosen = {key: str(box.currentData() or "") for key, box in self.boxes.items()}
        if self.kind.current() == TEXT:
            return Mapping(text=chosen["text"])
        return Mapping(question=chosen["question"], answer=chosen["answer"])

    def _show_form(self) -> None:
        fields = self._fields
        if fields is None:
            return
        usable = bool(fields.names)
        text = self.kind.current() == TEXT
        for key in self.labels:
            shown = usable and (key == "text") == text
            for widget in (self.labels[key], self.boxes[key], self.examples[key]):
                widget.setVisible(shown)
            at = self.boxes[key].currentIndex() - 1
            self.examples[key].setText(fields.example[at] if 0 <= at < len(fields.example) else "")
        self.kind.setVisible(usable)
        self.convert.setVisible(usable)
        self.convert.setEnabled(self.mapping().is_whole)
        self.convert.setToolTip("" if self.mapping().is_whole else _("Say first which field is what"))
        if usable:
            self.explained.setText(
                _("Say which field is what. A new file with usable rows is written; this one stays as it is.")
            )
        else:
            self.explained.setText(
                _(
                    "There are no fields of text in it to choose from. A usable row is a line like {text} "
                    "or {chat}."
                ).format(
                    text='{"text": "…"}',
                    chat='{"conversations": [{"role": "user", "content": "…"}, …]}',
                )
            )
