"""The log of a run: mono, grows at the end, stays where a person reads."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFontMetrics, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance


class LogView(QPlainTextEdit):
    """Read-only text that follows its end until a person scrolls up."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._lines: list[str] = []
        self.setProperty("log", True)
        self.setProperty("role", "mono")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._restyle()
        appearance.changed.connect(self._restyle)

    def set_lines(self, lines: Sequence[str]) -> None:
        """Show these lines; what a person selected or scrolled to stays while lines only come at the end."""
        lines = list(lines)
        if lines == self._lines:
            return
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        kept = _overlap(self._lines, lines)
        if kept and kept == len(self._lines):
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText("".join(f"\n{line}" for line in lines[kept:]))
        else:
            self.setPlainText("\n".join(lines))
        self._lines = lines
        if at_end:
            self.show_end()

    def show_end(self) -> None:
        """Scroll to the newest line."""
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def lines(self) -> list[str]:
        """What is shown."""
        return list(self._lines)

    def _restyle(self) -> None:
        self.setFont(self._appearance.font("mono"))
        self.setTabStopDistance(QFontMetrics(self.font()).horizontalAdvance(" ") * 4)
        self.setPlaceholderText(_("The log is empty so far."))
        self.setAccessibleName(_("Log"))


def _overlap(old: Sequence[str], new: Sequence[str]) -> int:
    """How many of the old lines the new ones begin with; 0 when they begin differently."""
    if not old or len(new) < len(old):
        return 0
    return len(old) if list(new[: len(old)]) == list(old) else 0
