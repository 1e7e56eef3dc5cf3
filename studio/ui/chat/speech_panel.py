"""How it speaks: temperature, top-p, longest, system prompt, thinking; and where it computes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from minimind.text import _, ngettext
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Divider, Label
from studio.ui.widgets.progress import ProgressBar
from studio.ui.widgets.slider import ValueSlider
from studio.ui.widgets.switch import Switch

WIDTH = 262
DEFAULTS: dict[str, Any] = {
    # a small model is unsure of everything: of 100 questions it had learnt, `tiny` answered 29 word for word
    # at 0.85, 38 at 0.5, 45 at 0.3; a little more lets "say it again" bring something else
    "temperature": 0.4,
    "top_p": 0.9,
    "max_new_tokens": 512,
    "system": "",
    "think": False,
}
_SETTLE_MS = 600


class SpeechPanel(QFrame):
    """The column at the right.

    Signals:
        changed: a person changed something; told once it has settled.
        export_requested: make a GGUF file of this model.
    """

    changed = Signal()
    export_requested = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("edge", "left")
        self._appearance = appearance
        self._place = ""
        self._context: tuple[int, int] | None = None
        self.heading = Label(role="card")
        self.temperature = _slider(appearance, "temperature", 0.0, 2.0, 0.05)
        self.top_p = _slider(appearance, "top_p", 0.05, 1.0, 0.01)
        self.longest = _slider(appearance, "max_new_tokens", 16, 2048, 16)
        self.system_heading = Label(role="card")
        self.system = QPlainTextEdit()
        self.system.setTabChangesFocus(True)
        self.system.setFixedHeight(92)
        self.think = Switch(appearance)
        self.think_hint = Label(role="small", tone="3", wrap=True)
        self.device = Label()
        self.device_label = Label(tone="2")
        self.context = Label(tabular=True)
        self.context_label = Label(tone="2")
        self.bar = ProgressBar(appearance)
        self.export = Button(appearance, icon="package")
        self.export.clicked.connect(self.export_requested)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.changed)
        self._lay_out()
        self._connect()
        self.set_values({})
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def _lay_out(self) -> None:
        facts = QGridLayout()
        facts.setHorizontalSpacing(8)
        facts.setVerticalSpacing(6)
        facts.addWidget(self.device_label, 0, 0)
        facts.addWidget(self.device, 0, 1, Qt.AlignmentFlag.AlignRight)
        facts.addWidget(self.context_label, 1, 0)
        facts.addWidget(self.context, 1, 1, Qt.AlignmentFlag.AlignRight)
        facts.addWidget(self.bar, 2, 0, 1, 2)
        facts.setColumnStretch(0, 1)
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(18, 18, 18, 18)
        column.setSpacing(14)
        column.addWidget(self.heading)
        for slider in (self.temperature, self.top_p, self.longest):
            column.addWidget(slider)
        self._line = Divider()
        column.addWidget(self._line)
        column.addWidget(self.system_heading)
        column.addWidget(self.system)
        thinking = QVBoxLayout()
        thinking.setSpacing(6)
        thinking.addWidget(self.think)
        thinking.addWidget(self.think_hint)
        column.addLayout(thinking)
        column.addWidget(Divider())
        column.addLayout(facts)
        column.addWidget(self.export)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _connect(self) -> None:
        for slider in (self.temperature, self.top_p, self.longest):
            slider.value_changed.connect(lambda _value: self._settle.start())
        self.top_p.value_changed.connect(lambda _value: self._name_top_p())
        self.system.textChanged.connect(self._settle.start)
        self.think.toggled.connect(lambda _on: self._settle.start())

    def values(self) -> dict[str, Any]:
        """What is set now: keys of DEFAULTS."""
        return {
            "temperature": round(self.temperature.value(), 2),
            "top_p": round(self.top_p.value(), 2),
            "max_new_tokens": int(self.longest.value()),
            "system": self.system.toPlainText().strip(),
            "think": self.think.isChecked(),
        }

    def settle(self) -> None:
        """Tell of a change at once that is still waiting to settle: something else is about to be shown."""
        if self._settle.isActive():
            self._settle.stop()
            self.changed.emit()

    def set_values(self, values: dict[str, Any]) -> None:
        """Show values without a signal; what is missing or no such value takes its default."""
        good = {
            name: values[name] if type(values.get(name)) in _kinds(default) else default
            for name, default in DEFAULTS.items()
        }
        self.temperature.set_value(float(good["temperature"]))
        self.top_p.set_value(float(good["top_p"]))
        self.longest.set_value(float(good["max_new_tokens"]))
        for widget in (self.system, self.think):
            widget.blockSignals(True)
        if self.system.toPlainText().strip() != good["system"]:
            self.system.setPlainText(good["system"])
        self.think.setChecked(bool(good["think"]))
        for widget in (self.system, self.think):
            widget.blockSignals(False)
        self._settle.stop()
        self._name_top_p()

    def show_model(self, info: dict[str, Any] | None, *, can_export: bool) -> None:
        """What is loaded decides what can be set."""
        base = bool(info and info.get("is_base"))
        self.system_heading.setVisible(not base)
        self.system.setVisible(not base)
        self._line.setVisible(not base)
        for widget in (self.think, self.think_hint):
            widget.setVisible(bool(info and info.get("can_think")) and not base)
        self.export.setVisible(can_export)
        self._place = _place_words(info) if info else ""
        self._context = (0, int(info["context"])) if info and info.get("context") else None
        self._show_facts()

    def show_context(self, used: int, total: int) -> None:
        """How much of its memory the conversation takes."""
        self._context = (used, total)
        self._show_facts()

    def retranslate(self) -> None:
        """Set every text again, and the width that they need."""
        self.setFixedWidth(round(WIDTH * self._appearance.scale))
        self.heading.setText(_("How it speaks"))
        self.temperature.set_texts(_("Temperature"), _("Higher is wilder, lower is steadier"))
        self._name_top_p()
        self.longest.set_texts(_("Longest"), _("Tokens; it stops there"))
        self.system_heading.setText(_("System prompt"))
        self.system.setAccessibleName(_("System prompt"))
        self.system.setPlaceholderText(_("Who it is and how it should answer"))
        self.think.setText(_("Think before answering"))
        self.think.setAccessibleName(_("Think before answering"))
        self.think.updateGeometry()
        self.think_hint.setText(_("Works if it learnt from data with thoughts"))
        self.device_label.setText(_("Device"))
        self.context_label.setText(_("Context"))
        self.bar.setAccessibleName(_("Context"))
        self.export.setText(_("Export as GGUF…"))
        self._show_facts()

    def _name_top_p(self) -> None:
        share = fmt.percent(self.top_p.value())
        words = _("Only picks among the likeliest {share}").format(share=share)
        self.top_p.set_texts(_("Nucleus top-p"), words)

    def _show_facts(self) -> None:
        why = "" if self._place else _("No model is loaded.")
        self.device.setText(self._place or fmt.UNKNOWN)
        self.device.setToolTip(why)
        self.context.setToolTip(why)
        if self._context is None:
            self.context.setText(fmt.UNKNOWN)
            self.bar.set_share(0.0)
            return
        used, total = self._context
        self.context.setText(f"{fmt.exact(used)} / {_tokens(total)}")
        self.bar.set_share(used / total if total else 0.0)


def _slider(appearance: Appearance, name: str, low: float, high: float, step: float) -> ValueSlider:
    default = DEFAULTS[name]
    decimals = 0 if isinstance(default, int) else 2
    return ValueSlider(appearance, low, high, step, default=float(default), decimals=decimals)


def _tokens(count: int) -> str:
    return _("{n} tokens").format(n=fmt.exact(count))


def _kinds(default: object) -> tuple[type, ...]:
    return (int, float) if isinstance(default, float) else (type(default),)


def _place_words(info: dict[str, Any]) -> str:
    device = str(info.get("device", ""))
    if device.startswith("cpu"):
        threads = int(info.get("threads", 1))
        return f"CPU · {_threads(threads)}"
    return device.upper().replace("CUDA", "GPU")


def _threads(count: int) -> str:
    return ngettext("{n} thread", "{n} threads", count).format(n=count)
