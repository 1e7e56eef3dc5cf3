"""One editor for each kind of option: number, choice, switch, text, list of texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from minimind.options import OptionField
from minimind.text import _
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import set_property
from studio.ui.widgets.switch import Switch


class Editor(QObject):
    """An option's editor: `widget` shows the value, `edited` says that a person changed it.

    Signals:
        edited: the value, or a `Fault` when what stands there is none.
    """

    edited = Signal(object)

    def __init__(self, field: OptionField, widget: QWidget) -> None:
        super().__init__(widget)
        self.field = field
        self.widget = widget

    def show_value(self, value: Any) -> None:
        """Show a value without a signal."""
        raise NotImplementedError

    def set_automatic(self, text: str) -> None:
        """What stands in the empty field while nobody decides: the value that automatic means here."""

    def retranslate(self) -> None:
        """Show words again in the language in force."""

    def set_problem(self, problem: bool) -> None:
        """Mark the field."""
        set_property(self.widget, "problem", problem)


class Fault:
    """What a person typed is no value of this option; `message` says why (translated)."""

    def __init__(self, message: str) -> None:
        self.message = message


class NumberField(QLineEdit):
    """A number as text: 3e-4, 2,000 and empty for automatic; ↑ ↓ step.

    Signals:
        stepped: ↑ (1) or ↓ (-1) was pressed.
    """

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if direction is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(direction)


class _NumberEditor(Editor):
    def __init__(self, field: OptionField) -> None:
        self._line = NumberField()
        self._line.setMaximumWidth(200)
        super().__init__(field, self._line)
        self._whole = float not in _plain(field.type)
        self._optional = type(None) in get_args(field.type)
        self._line.textEdited.connect(lambda _text: self.edited.emit(self._value()))
        self._line.stepped.connect(self._on_stepped)
        self._automatic = ""
        self.retranslate()

    def show_value(self, value: Any) -> None:
        text = "" if value is None else fmt.number(value)
        if text != self._line.text() and self._value() != value:
            self._line.setText(text)

    def set_automatic(self, text: str) -> None:
        self._automatic = text
        self.retranslate()

    def retranslate(self) -> None:
        if self._optional:
            pattern = _("automatic: {value}") if self._automatic else _("automatic")
            self._line.setPlaceholderText(pattern.format(value=self._automatic))

    def _value(self) -> Any:
        text = self._line.text().strip().replace(",", "").replace("，", "").replace("_", "")
        if not text:
            return None if self._optional else Fault(_("A number is missing"))
        try:
            number = float(text)
        except ValueError:
            return Fault(_("This is not a number"))
        if not math.isfinite(number):
            return Fault(_("This is not a number"))
        if self._whole and not number.is_integer():
            return Fault(_("This must be a whole number"))
        return int(number) if self._whole else number

    def _on_stepped(self, direction: int) -> None:
        value = self._value()
        if isinstance(value, Fault) or value is None:
            return
        option = self.field.option
        stepped = value + direction if self._whole else _next_on_ladder(value, direction)
        if option.minimum is not None:
            stepped = max(stepped, option.minimum)
        if option.maximum is not None:
            stepped = min(stepped, option.maximum)
        self._line.setText(fmt.number(int(stepped) if self._whole else stepped))
        self.edited.emit(self._value())


def _next_on_ladder(value: float, direction: int) -> float:
    """The neighbour on 1, 2, 3, 5, 10: how people change a learning rate."""
    if value <= 0:
        return value + direction
    exponent = math.floor(math.log10(value) + 1e-9)
    ladder = [rung * 10.0**power for power in range(exponent - 1, exponent + 2) for rung in (1, 2, 3, 5)]
    if direction > 0:
        return float(f"{min(rung for rung in ladder if rung > value * 1.0001):.3g}")
    return float(f"{max(rung for rung in ladder if rung < value * 0.9999):.3g}")


class _Choice(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        # a form scrolls under the pointer; only a field that a person went to may change by the wheel
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _ChoiceEditor(Editor):
    def __init__(self, field: OptionField) -> None:
        self._combo = _Choice()
        self._combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._combo.setMinimumWidth(140)
        self._combo.setMaximumWidth(320)
        super().__init__(field, self._combo)
        for value in field.option.choices:
            self._combo.addItem(str(value), value)
        self.retranslate()
        self._combo.activated.connect(lambda _index: self.edited.emit(self._combo.currentData()))

    def show_value(self, value: Any) -> None:
        # a value from another machine (a card that is not here) shows as nothing chosen
        choices = self.field.option.choices
        self._combo.setCurrentIndex(choices.index(value) if value in choices else -1)

    def retranslate(self) -> None:
        labels = self.field.option.choice_labels or tuple(map(str, self.field.option.choices))
        for index, label in enumerate(labels):
            self._combo.setItemText(index, _(label))


class _SwitchEditor(Editor):
    def __init__(self, appearance: Appearance, field: OptionField) -> None:
        self._switch = Switch(appearance)
        super().__init__(field, self._switch)
        self._switch.clicked.connect(lambda checked: self.edited.emit(checked))

    def show_value(self, value: Any) -> None:
        self._switch.setChecked(bool(value))


class _TextEditor(Editor):
    def __init__(self, field: OptionField) -> None:
        self._line = QLineEdit()
        self._line.setMaximumWidth(420)
        super().__init__(field, self._line)
        self._optional = type(None) in get_args(field.type)
        self._line.textEdited.connect(
            lambda text: self.edited.emit(None if self._optional and not text else text)
        )

    def show_value(self, value: Any) -> None:
        if (value or "") != self._line.text():
            self._line.setText(value or "")

    def set_automatic(self, text: str) -> None:
        self._line.setPlaceholderText(text)


class _LinesEditor(Editor):
    def __init__(self, field: OptionField) -> None:
        self._text = QPlainTextEdit()
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(78)
        super().__init__(field, self._text)
        self._optional = type(None) in get_args(field.type)
        self._quiet = False
        self._text.textChanged.connect(self._on_changed)

    def show_value(self, value: Any) -> None:
        if value != self._value():
            self._quiet = True
            self._text.setPlainText("\n".join(value or []))
            self._quiet = False

    def set_automatic(self, text: str) -> None:
        self._text.setPlaceholderText(text)

    def _value(self) -> Any:
        lines = [line for line in self._text.toPlainText().splitlines() if line.strip()]
        return lines if lines or not self._optional else None

    def _on_changed(self) -> None:
        if not self._quiet:
            self.edited.emit(self._value())


def _plain(hint: Any) -> list[Any]:
    parts = get_args(hint) if get_args(hint) and not isinstance(hint, type) else (hint,)
    return [getattr(part, "__origin__", part) for part in parts if part is not type(None)]


def make_editor(appearance: Appearance, field: OptionField) -> Editor:
    """The editor that fits an option's type.

    Raises:
        TypeError: a type that no form can show.
    """
    plain = _plain(field.type)
    if field.option.choices:
        return _ChoiceEditor(field)
    makers: list[tuple[type, Callable[[], Editor]]] = [
        (bool, lambda: _SwitchEditor(appearance, field)),
        (int, lambda: _NumberEditor(field)),
        (float, lambda: _NumberEditor(field)),
        (list, lambda: _LinesEditor(field)),
        (str, lambda: _TextEditor(field)),
    ]
    for kind, make in makers:
        if kind in plain:
            return make()
    raise TypeError(f"no editor for {field.name}: {field.type}")
