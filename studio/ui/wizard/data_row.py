"""One data file in the wizard: what it is, how it counts, which rows are wrong and why."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from minimind.job import DataFile
from minimind.text import _, ngettext
from studio.planning.data_check import FileCheck
from studio.planning.problems import Problem, name_of
from studio.planning.route import Severity
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import IconButton, LinkButton
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.progress import ProgressBar
from studio.ui.wizard.step_view import ProblemLine

# wrong rows that are visible without asking
SHORT = 2
_LINES = 8


class DataRow(QFrame):
    """A file with its state.

    Signals:
        weight_edited(float): a person typed another weight; 0 for what is no number.
        removed: take it out of the list; the file stays.
        stop_pressed, again_pressed: end the reading of it, or begin it anew.
    """

    weight_edited = Signal(float)
    removed = Signal()
    stop_pressed = Signal()
    again_pressed = Signal()

    def __init__(self, appearance: Appearance, path: str, *, weighted: bool = True) -> None:
        super().__init__()
        self.path = path
        self._appearance = appearance
        self._weighted = weighted
        self._open = False
        self._check: FileCheck | None = None
        self._icon = Label()
        self.name = ElidedLabel(role="strong", mode=Qt.TextElideMode.ElideMiddle)
        self.aside = ElidedLabel(role="small", tone="3")
        self.weight_label = Label(role="small", tone="2")
        self.weight = QLineEdit()
        self.weight.setFixedWidth(64)
        self.weight.textEdited.connect(lambda text: self.weight_edited.emit(_number(text)))
        self.remove = IconButton(appearance, "x", small=True)
        self.remove.clicked.connect(self.removed)
        self.state = Label(role="small", tone="2", wrap=True, selectable=True)
        self.bar = ProgressBar(appearance, height=4)
        self.stop = LinkButton(appearance)
        self.stop.clicked.connect(self._on_stop)
        self.problem = ProblemLine(appearance)
        self.first = Label(role="mono", tone="2", wrap=True, selectable=True)
        self.wrong = QPlainTextEdit()
        self.wrong.setProperty("role", "mono")
        self.wrong.setProperty("log", "true")
        self.wrong.setReadOnly(True)
        self.wrong.setFont(appearance.font("mono"))
        self.wrong.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.wrong.setTabChangesFocus(True)
        self.more = LinkButton(appearance)
        self.more.clicked.connect(self.toggle_rows)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._icon)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.name)
        names.addWidget(self.aside)
        top.addLayout(names, 1)
        top.addWidget(self.weight_label)
        top.addWidget(self.weight)
        top.addWidget(self.remove)
        reading = QHBoxLayout()
        reading.setSpacing(8)
        reading.addWidget(self.state)
        reading.addWidget(self.bar, 1)
        reading.addWidget(self.stop)
        below = QVBoxLayout()
        below.setContentsMargins(26, 0, 0, 0)
        below.setSpacing(4)
        below.addLayout(reading)
        below.addWidget(self.problem)
        below.addWidget(self.first)
        below.addWidget(self.wrong)
        below.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(below)

    def show_file(
        self,
        file: DataFile,
        check: FileCheck | None,
        problem: Problem | None,
        *,
        with_weight: bool,
        passes: float | None = None,
    ) -> None:
        """Show what is known about it now; `passes`: how often the run goes over data of weight 1."""
        self._check = check
        name = name_of(self.path)
        broken = problem is not None and problem.severity is Severity.ERROR
        icon, token = ("circle-x", "danger") if broken else ("file-text", "text2")
        self._icon.setPixmap(self._appearance.pixmap(icon, token, 18))
        self.name.setText(name)
        self.name.set_hint(self.path)
        self.aside.setText(self._facts(check))
        self.weight_label.setText(_("Weight"))
        self.weight.setAccessibleName(_("Weight of {file}").format(file=name))
        self.weight.setToolTip(_("How often it counts in one pass: 2 is twice, 0.5 is half of it."))
        if _number(self.weight.text()) != file.weight:
            self.weight.setText(f"{file.weight:g}")
        self.weight.setProperty("problem", problem is not None and problem.code == "bad_weight")
        for widget in (self.weight_label, self.weight):
            widget.setVisible(self._weighted and with_weight)
        self.remove.set_name(_("Remove {file} from the list").format(file=name))
        self._show_state(check, problem, None if passes is None else passes * file.weight)
        self._show_wrong(check)

    def _facts(self, check: FileCheck | None) -> str:
        if check is None or not check.size_bytes:
            return ""
        parts = [fmt.file_size(check.size_bytes)]
        if check.container:
            parts.append({"lines": "JSON Lines", "list": "JSON", "text": _("plain text")}[check.container])
        if check.encoding:
            parts.append(check.encoding.upper())
        return " · ".join(parts)

    def _show_state(self, check: FileCheck | None, problem: Problem | None, passes: float | None) -> None:
        reading = check is None or check.is_reading
        shown = problem if problem is not None and problem.code not in ("reading", "many_skipped") else None
        self.problem.show_problem(shown)
        self.state.setVisible(reading or not (check and check.fault))
        # beside the bar it must not be torn into two lines
        self.state.setWordWrap(not reading)
        self.state.setText(_state(check, passes))
        self.bar.setVisible(reading)
        self.bar.set_share(check.share if check else 0.0)
        self.bar.setAccessibleName(_("Reading {file}").format(file=name_of(self.path)))
        self.stop.setVisible(reading or bool(check and check.stopped))
        self.stop.setText(_("Stop reading") if reading else _("Read it to the end"))

    def _show_wrong(self, check: FileCheck | None) -> None:
        problems = check.problems if check is not None and not check.fault else ()
        skipped = check.skipped if check is not None else 0
        name = name_of(self.path)
        lines = [f"{name}:{problem.line}  {problem.message}" for problem in problems]
        self.first.setText("\n".join(lines[:SHORT]))
        self.first.setVisible(bool(lines) and not self._open)
        if skipped > len(lines):
            lines.append(_("… and {n} more").format(n=fmt.exact(skipped - len(lines))))
        text = "\n".join(lines)
        if self._open and self.wrong.toPlainText() != text:
            self.wrong.setPlainText(text)
        self.wrong.setAccessibleName(_("Skipped rows of {file}").format(file=name))
        self.wrong.setVisible(bool(lines) and self._open)
        self.wrong.setFixedHeight(self._appearance.line_height("mono") * _LINES + 18)
        self.more.setVisible(len(lines) > SHORT)
        label = ngettext("Show the {n} skipped row", "Show the {n} skipped rows", skipped)
        self.more.setText(_("Show fewer") if self._open else label.format(n=fmt.exact(skipped)))

    def fields(self) -> list[QWidget]:
        """What the keyboard reaches, in reading order."""
        return [self.weight, self.remove, self.stop, self.wrong, self.more]

    def toggle_rows(self) -> None:
        """Show all wrong rows that are known, or the first few."""
        self._open = not self._open
        self._show_wrong(self._check)

    def open_rows(self) -> None:
        """Show all wrong rows."""
        if not self._open:
            self.toggle_rows()

    def _on_stop(self) -> None:
        reading = self._check is None or self._check.is_reading
        (self.stop_pressed if reading else self.again_pressed).emit()


def _state(check: FileCheck | None, passes: float | None) -> str:
    if check is None:
        return _("Waiting…")
    if check.is_reading:
        if not check.rows:
            return _("Reading…")
        return _("Reading… {share}, {rows}").format(share=fmt.percent(check.share), rows=fmt.rows(check.rows))
    parts = [
        fmt.rows(check.usable),
        _("about {tokens}").format(tokens=fmt.tokens(check.facts.tokens if check.facts else None)),
    ]
    if check.container == "text":
        parts[0] = ngettext("{n} document", "{n} documents", check.usable).format(n=fmt.exact(check.usable))
    if check.skipped:
        skipped = ngettext("{n} row skipped", "{n} rows skipped", check.skipped)
        parts.append(skipped.format(n=fmt.exact(check.skipped)))
    if passes is not None:
        parts.append(fmt.passes(passes))
    return " · ".join(parts)


def _number(text: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
