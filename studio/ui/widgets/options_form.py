"""A form from any settings class: what `minimind.options.option` says is all it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from minimind.options import Option, OptionField, options_of
from minimind.text import _
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.labels import Label
from studio.ui.widgets.option_editors import Editor, Fault, make_editor
from studio.ui.widgets.painting import draw_box


def shown(option: Option, value: Any) -> str:
    """An option's value in words: a choice's label, `on` and `off`, a number, `automatic` for None."""
    if value is None:
        return _("automatic")
    if value in option.choices and option.choice_labels:
        return _(option.choice_labels[option.choices.index(value)])
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, list):
        return " · ".join(map(str, value)) or "—"
    return fmt.number(value) or "—"


def fault_of(field: OptionField, value: Any) -> str:
    """One translated sentence when a value is out of its option's bounds, else empty."""
    option = field.option
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if option.minimum is not None and value < option.minimum:
        return _("At least {number}").format(number=fmt.number(_whole(option.minimum)))
    if option.maximum is not None and value > option.maximum:
        return _("At most {number}").format(number=fmt.number(_whole(option.maximum)))
    return ""


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _with_choices(field: OptionField, pairs: Sequence[tuple[Any, str]]) -> OptionField:
    values, labels = tuple(value for value, _label in pairs), tuple(label for _value, label in pairs)
    return replace(field, option=replace(field.option, choices=values, choice_labels=labels))


class _Dot(QWidget):
    """Marks a changed option; takes its room always, so that nothing moves."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.on = False
        appearance.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(8, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.on:
            area = QRectF(0, (self.height() - 6) / 2, 6, 6)
            draw_box(QPainter(self), area, fill=self._appearance.color("accent"), radius=3)


class _Row(QWidget):
    """One option: dot, label, link to the default; field and unit; help; problem."""

    def __init__(self, appearance: Appearance, field: OptionField) -> None:
        super().__init__()
        self.field = field
        # F1 anywhere in the row explains the option
        self.setProperty("term", field.name)
        self.editor: Editor = make_editor(appearance, field)
        self.dot = _Dot(appearance)
        self.dot.setFixedWidth(8)
        self.label = Label()
        self.reset = LinkButton(appearance)
        keep = self.reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(keep)
        self.unit = Label(tone="3")
        self.help = Label(role="small", tone="3", wrap=True)
        self.problem = Label(role="small", tone="danger", wrap=True)
        self.problem.hide()
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.dot)
        head.addWidget(self.label)
        head.addWidget(self.reset)
        head.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.setContentsMargins(14, 0, 0, 0)
        line.addWidget(self.editor.widget)
        line.addWidget(self.unit)
        if not isinstance(self.editor.widget, QPlainTextEdit):
            line.addStretch(1)
        below = QVBoxLayout()
        below.setContentsMargins(14, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.problem)
        below.addWidget(self.help)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(line)
        column.addSpacing(2)
        column.addLayout(below)

    def retranslate(self) -> None:
        option = self.field.option
        self.label.setText(_(option.label))
        self.label.setToolTip(option.expert_name)
        self.unit.setText(_(option.unit))
        self.unit.setVisible(bool(option.unit))
        self.help.setText(_(option.help))
        self.help.setVisible(bool(option.help))
        self.reset.setText(_("default {value}").format(value=shown(option, self.field.default)))
        self.reset.setToolTip(_("Back to the default"))
        self.editor.widget.setAccessibleName(_(option.label))
        self.editor.widget.setAccessibleDescription(_(option.help))
        self.editor.retranslate()

    def set_changed(self, changed: bool) -> None:
        self.dot.on = changed
        self.dot.update()
        self.reset.setVisible(changed)

    def set_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.editor.set_problem(bool(sentence))


class OptionsForm(QWidget):
    """Edits the options of one settings dataclass; values that equal the default count as not set.

    Signals:
        edited: name of an option that a person changed; read `values()`.
    """

    edited = Signal(str)

    def __init__(
        self,
        appearance: Appearance,
        settings_class: type,
        *,
        names: Sequence[str] | None = None,
        show_all: bool = True,
        choices: Mapping[str, Sequence[tuple[Any, str]]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            appearance: where colours come from.
            settings_class: a dataclass whose fields were made with `option`.
            names: only these, in this order; None means all.
            show_all: False hides the options marked `advanced`.
            choices: values and labels (msgids) for options whose choices depend on the machine.
        """
        super().__init__(parent)
        fields = {field.name: field for field in options_of(settings_class)}
        for name, pairs in (choices or {}).items():
            fields[name] = _with_choices(fields[name], pairs)
        self._rows = {name: _Row(appearance, fields[name]) for name in (names or fields)}
        self._values: dict[str, Any] = {}
        self._faults: dict[str, str] = {}
        self._outside: dict[str, str] = {}
        self._show_all = show_all
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        for name, row in self._rows.items():
            column.addWidget(row)
            row.editor.edited.connect(lambda value, name=name: self._on_edited(name, value))
            row.reset.clicked.connect(lambda _checked=False, name=name: self.reset(name))
        column.addStretch(1)
        self.setMaximumWidth(720)
        self.retranslate()
        self.set_values({})
        self.set_show_all(show_all)
        appearance.changed.connect(self.retranslate)

    def values(self) -> dict[str, Any]:
        """Options that differ from their default, without those whose field holds no value."""
        return {
            name: value
            for name, value in self._values.items()
            if value != self._rows[name].field.default and name not in self._faults
        }

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values; what is not named shows its default."""
        self._faults.clear()
        for name, row in self._rows.items():
            self._values[name] = values.get(name, row.field.default)
            row.editor.show_value(self._values[name])
            self._show_state(name)

    def set_automatic(self, values: Mapping[str, str]) -> None:
        """What automatic means for the plan at hand, by option: stands in the empty field."""
        for name, text in values.items():
            if name in self._rows:
                self._rows[name].editor.set_automatic(text)

    def set_problems(self, problems: Mapping[str, str]) -> None:
        """Sentences of whoever checks the whole plan, by option; they go under the field."""
        self._outside = dict(problems)
        for name in self._rows:
            self._show_state(name)

    def problems(self) -> dict[str, str]:
        """Options whose field holds something that is no value of theirs."""
        return dict(self._faults)

    def set_show_all(self, show_all: bool) -> None:
        """Show the advanced options too; values survive either way."""
        self._show_all = show_all
        for row in self._rows.values():
            row.setVisible(show_all or not row.field.option.advanced)

    def hidden_changes(self) -> int:
        """How many changed options are not on show."""
        return sum(1 for name in self.values() if not self._visible(name))

    def reset(self, name: str) -> None:
        """Back to the default."""
        row = self._rows[name]
        self._faults.pop(name, None)
        self._values[name] = row.field.default
        row.editor.show_value(row.field.default)
        self._show_state(name)
        row.editor.widget.setFocus()
        self.edited.emit(name)

    def focus_option(self, name: str) -> None:
        """Put the keyboard into an option's field; show all if it is an advanced one."""
        if not self._visible(name):
            self.set_show_all(True)
        self._rows[name].editor.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def field(self, name: str) -> QWidget:
        """The widget that edits an option."""
        return self._rows[name].editor.widget

    def retranslate(self) -> None:
        """Show every word again."""
        for row in self._rows.values():
            row.retranslate()

    def _visible(self, name: str) -> bool:
        return self._show_all or not self._rows[name].field.option.advanced

    def _on_edited(self, name: str, value: Any) -> None:
        fault = value.message if isinstance(value, Fault) else fault_of(self._rows[name].field, value)
        if fault:
            self._faults[name] = fault
        else:
            self._faults.pop(name, None)
            self._values[name] = value
        self._show_state(name)
        self.edited.emit(name)

    def _show_state(self, name: str) -> None:
        row = self._rows[name]
        row.set_changed(self._values[name] != row.field.default or name in self._faults)
        row.set_problem(self._faults.get(name) or self._outside.get(name, ""))
