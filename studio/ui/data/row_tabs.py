"""The other tabs of the middle: lengths in full, repeats, skipped rows with the row itself."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from minimind.text import N_, _
from studio.planning.file_report import FileReport, FileState
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.data import words
from studio.ui.data.histogram import Histogram
from studio.ui.run.row_list import RowList
from studio.ui.run.rows import Row
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.labels import Label

# of a skipped row; one that is longer is cut
LINE_LIMIT = 20_000
_SHARES = (
    (N_("5% are shorter than"), 0.05),
    (N_("Median"), 0.5),
    (N_("95% are shorter than"), 0.95),
    (N_("Longest"), 1.0),
)


class LengthsTab(QWidget):
    """The histogram over the whole width, and figures below."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.histogram = Histogram(appearance, height=260)
        self.sentence = Label(tone="2", wrap=True)
        self.names = [Label(tone="2") for _pair in _SHARES]
        self.values = [Label(role="strong", tabular=True, selectable=True) for _pair in _SHARES]
        grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(2)
        for at, (name, value) in enumerate(zip(self.names, self.values, strict=True)):
            grid.addWidget(name, 0, at)
            grid.addWidget(value, 1, at)
        grid.setColumnStretch(len(_SHARES), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(16)
        column.addWidget(self.histogram, 1)
        column.addLayout(grid)
        column.addWidget(self.sentence)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        for label, (word, _share) in zip(self.names, _SHARES, strict=True):
            label.setText(_(word))

    def show_report(self, report: FileReport, seq_len: int) -> None:
        """What is known now."""
        count = report.count
        self.histogram.set_lengths(count.lengths if count else (), seq_len)
        for label, (_word, share) in zip(self.values, _SHARES, strict=True):
            known = count is not None and count.usable > 0
            label.setText(fmt.tokens(count.percentile(share)) if known and count else fmt.UNKNOWN)
        self.sentence.setText(words.lengths_sentence(count, seq_len) if count and count.usable else "")


class RepeatsTab(QWidget):
    """Rows whose content stands further up already; a press on one shows it.

    Signals:
        row_wanted(number): show this usable row.
        menu_wanted(line, QPoint): a right click.
    """

    row_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = RowList(appearance)
        self.rest = Label(role="small", tone="3")
        self.rest.setContentsMargins(14, 6, 14, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.rest)
        self.list.row_chosen.connect(lambda row: self.row_wanted.emit(row.step))
        self.list.menu_wanted.connect(self._on_menu)
        self._lines: dict[int, int] = {}

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.list.setAccessibleName(_("Repeats"))
        self.list.set_empty(_("No row stands here twice."))

    def show_report(self, report: FileReport) -> None:
        """What is known now."""
        count = report.count
        repeated = count.repeated if count else ()
        self._lines = {repeat.row: repeat.line for repeat in repeated}
        self.list.set_rows(
            [
                Row(
                    icon="copy",
                    title=words.line_words(repeat.line),
                    detail=_("the same as line {line}").format(line=fmt.exact(repeat.first_line)),
                    step=repeat.row,
                )
                for repeat in repeated
            ]
        )
        more = (count.repeats if count else 0) - len(repeated)
        self.rest.setVisible(more > 0)
        self.rest.setText(_("… and {n} more").format(n=fmt.exact(more)))

    def _on_menu(self, row: Row, place: QPoint) -> None:
        if row.step is not None:
            self.menu_wanted.emit(self._lines.get(row.step, 0), place)


class SkippedTab(QWidget):
    """Skipped rows with their reasons; the chosen one is shown below as it stands in the file.

    Signals:
        line_wanted(line): show this line.
        menu_wanted(line, QPoint): a right click.
    """

    line_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._line, self._text = 0, ""
        self.list = RowList(appearance)
        self.rest = Label(role="small", tone="3")
        self.rest.setContentsMargins(14, 6, 14, 4)
        self.heading = Label(role="small", tone="2")
        self.text = QPlainTextEdit()
        self.text.setProperty("role", "mono")
        self.text.setProperty("log", "true")
        self.text.setReadOnly(True)
        self.text.setFont(appearance.font("mono"))
        self.text.setTabChangesFocus(True)
        self.more = LinkButton(appearance)
        self.more.clicked.connect(lambda: self._show(whole=True))
        above, below = QWidget(), QWidget()
        upper, lower = QVBoxLayout(above), QVBoxLayout(below)
        upper.setContentsMargins(1, 0, 1, 0)
        upper.setSpacing(0)
        upper.addWidget(self.list, 1)
        upper.addWidget(self.rest)
        lower.setContentsMargins(14, 8, 14, 12)
        lower.setSpacing(6)
        lower.addWidget(self.heading)
        lower.addWidget(self.text, 1)
        lower.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(above)
        self.split.addWidget(below)
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([240, 200])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 1)
        column.addWidget(self.split)
        self.list.row_chosen.connect(lambda row: self.line_wanted.emit(row.step))
        self.list.selectionModel().currentChanged.connect(lambda _now, _before: self._on_current())
        self.list.menu_wanted.connect(self._on_menu)
        self._below = below
        below.hide()

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.list.setAccessibleName(_("Skipped rows"))
        self.text.setAccessibleName(_("The row as it stands in the file"))
        self._show(whole=False)

    def show_report(self, report: FileReport) -> None:
        """What is known now."""
        count = report.count
        problems = count.problems if count else ()
        self.list.set_rows([words.problem_row(problem) for problem in problems])
        done = report.state is FileState.DONE
        self.list.set_empty(_("Every row can be used.") if done else "")
        more = (count.skipped if count else 0) - len(problems)
        self.rest.setVisible(more > 0)
        self.rest.setText(_("… and {n} more").format(n=fmt.exact(more)))

    def select_line(self, line: int) -> None:
        """Select the row of a line and ask for its text."""
        lines = [row.step for row in self.list.rows()]
        if line in lines:
            self.list.select(lines.index(line))
        self.line_wanted.emit(line)

    def show_line(self, line: int, text: str) -> None:
        """The line as it stands in the file."""
        self._line, self._text = line, text
        self._below.show()
        self._show(whole=False)

    def clear(self) -> None:
        """Another file."""
        self._line, self._text = 0, ""
        self._below.hide()

    def _show(self, *, whole: bool) -> None:
        if not self._line:
            return
        self.heading.setText(words.line_words(self._line))
        shown = self._text if whole else self._text[:LINE_LIMIT]
        self.text.setPlainText(shown or _("(nothing)"))
        self.more.setVisible(len(shown) < len(self._text))
        hidden = len(self._text) - len(shown)
        self.more.setText(_("Show {n} more characters").format(n=fmt.exact(hidden)))

    def _on_current(self) -> None:
        row = self.list.current_row()
        if row is not None and row.step is not None and self.list.hasFocus():
            self.line_wanted.emit(row.step)

    def _on_menu(self, row: Row, place: QPoint) -> None:
        if row.step is not None:
            self.menu_wanted.emit(row.step, place)
