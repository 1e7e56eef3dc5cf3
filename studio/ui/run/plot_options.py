"""How a plot is drawn, and the popup that changes it: smoothing, logarithmic axes, outlier cut."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from minimind.text import _, ngettext
from studio.ui.appearance import Appearance
from studio.ui.plot import smoothing
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Divider, Label
from studio.ui.widgets.switch import Switch

KINDS = ("png", "svg", "csv")


@dataclass(frozen=True, kw_only=True)
class PlotOptions:
    """What a person chose; smoothing is remembered per project, the rest with it."""

    smoothing: int = smoothing.DEFAULT
    x_log: bool = False
    y_log: bool = False
    cut: bool = False
    lanes: bool = True

    def to_dict(self) -> dict[str, object]:
        """Plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, value: object) -> PlotOptions:
        """From a remembered value; what has the wrong type falls back to its default."""
        given = value if isinstance(value, dict) else {}
        span = given.get("smoothing")
        if not isinstance(span, int) or isinstance(span, bool):
            span = smoothing.DEFAULT
        switches = {key: given.get(key) is True for key in ("x_log", "y_log", "cut")}
        lanes = given.get("lanes") is not False
        return cls(smoothing=max(smoothing.OFF, min(smoothing.LONGEST, span)), lanes=lanes, **switches)


class PlotOptionsPopup(QFrame):
    """Floats below its button; Esc or a click elsewhere closes it.

    Signals:
        changed(PlotOptions): at once, with every change.
        export_wanted(str): png, svg or csv.
    """

    changed = Signal(object)
    export_wanted = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._options = PlotOptions()
        self.setProperty("floating", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._label = Label()
        self._value = Label(role="small", tone="2", tabular=True)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, len(smoothing.STOPS) - 1)
        self._slider.setPageStep(1)
        self._slider.setMinimumWidth(200)
        self._hint = Label(role="small", tone="3")
        self._y_log, self._x_log, self._cut = Switch(appearance), Switch(appearance), Switch(appearance)
        self._lanes = Switch(appearance)
        self._switches = (self._y_log, self._x_log, self._cut, self._lanes)
        self._export = Label(role="small", tone="2")
        self.exports = {kind: Button(appearance, kind.upper(), size="small") for kind in KINDS}
        self._lay_out()
        self._slider.valueChanged.connect(lambda at: self._change(smoothing=smoothing.STOPS[at]))
        self._y_log.toggled.connect(lambda on: self._change(y_log=on))
        self._x_log.toggled.connect(lambda on: self._change(x_log=on))
        self._cut.toggled.connect(lambda on: self._change(cut=on))
        self._lanes.toggled.connect(lambda on: self._change(lanes=on))
        for kind, button in self.exports.items():
            button.clicked.connect(lambda _checked=False, kind=kind: self._on_export(kind))
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    @property
    def options(self) -> PlotOptions:
        """What is chosen now."""
        return self._options

    def set_options(self, options: PlotOptions) -> None:
        """Show other choices, without a signal."""
        self._options = options
        for widget in (self._slider, *self._switches):
            widget.blockSignals(True)
        self._slider.setValue(smoothing.stop_of(options.smoothing))
        self._y_log.setChecked(options.y_log)
        self._x_log.setChecked(options.x_log)
        self._cut.setChecked(options.cut)
        self._lanes.setChecked(options.lanes)
        for widget in (self._slider, *self._switches):
            widget.blockSignals(False)
        self._show_value()

    def open_below(self, button: QWidget) -> None:
        """Show, right-aligned with a button."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), button.height() + 4))
        self.move(corner)
        self.show()
        self._slider.setFocus(Qt.FocusReason.PopupFocusReason)

    def retranslate(self) -> None:
        """Set every text in the language in force."""
        self._label.setText(_("Smoothing"))
        self._slider.setAccessibleName(_("Smoothing"))
        self._hint.setText(_("[ and ] change it without opening this"))
        for switch, text in (
            (self._y_log, _("Logarithmic values")),
            (self._x_log, _("Logarithmic steps")),
            (self._cut, _("Cut off outliers")),
            (self._lanes, _("Show the machine below")),
        ):
            switch.setText(text)
            switch.setAccessibleName(text)
            switch.updateGeometry()
        self._cut.setToolTip(_("The highest 0.5% of values may leave the picture; the beginning too"))
        export = _("Export")
        self._export.setText(export)
        for kind, hint in (
            ("png", _("A picture of what is in sight, for a text or a talk")),
            ("svg", _("The same as lines, sharp at any size")),
            ("csv", _("The measured values in sight, for a spreadsheet")),
        ):
            self.exports[kind].setToolTip(hint)
            self.exports[kind].setAccessibleName(f"{export} {kind.upper()}")
        self._show_value()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self._label)
        line.addStretch(1)
        line.addWidget(self._value)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(self._slider)
        column.addWidget(self._hint)
        for switch in self._switches:
            column.addWidget(switch)
        last = QHBoxLayout()
        last.setSpacing(6)
        last.addWidget(self._export)
        last.addStretch(1)
        for button in self.exports.values():
            last.addWidget(button)
        column.addWidget(Divider())
        column.addLayout(last)

    def _on_export(self, kind: str) -> None:
        self.close()
        self.export_wanted.emit(kind)

    def _change(self, **values: object) -> None:
        self._options = dataclasses.replace(self._options, **values)  # type: ignore[arg-type]
        self._show_value()
        self.changed.emit(self._options)

    def _show_value(self) -> None:
        span = self._options.smoothing
        if span <= smoothing.OFF:
            self._value.setText(_("off"))
        else:
            self._value.setText(ngettext("{n} step", "{n} steps", span).format(n=span))
