"""The right column: how much there is, how long the rows are, which were skipped."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import N_, _
from studio.planning.file_report import FileReport, FileState
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.data import words
from studio.ui.data.histogram import Histogram
from studio.ui.shell.terms import set_term
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.progress import ProgressBar

SEQ_LEN = 512
_SHOWN = 4
_FIGURES = {
    "usable": N_("Usable"),
    "tokens": N_("Tokens"),
    "trained": N_("Trained"),
    "repeats": N_("Repeats"),
    "languages": N_("Languages"),
}


class CountsCard(Card):
    """Five figures, what one pass costs, and while it counts a bar with a way to stop.

    Signals:
        stop_pressed, again_pressed: end the counting, or count to the end.
    """

    stop_pressed = Signal()
    again_pressed = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._state = FileState.WAITING
        self.title = self.add_title()
        self.state = Label(role="small", tone="2")
        self.bar = ProgressBar(appearance, height=4)
        self.stop = LinkButton(appearance)
        self.stop.clicked.connect(self._on_pressed)
        self._progress = QWidget()
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.state, 1)
        line.addWidget(self.stop)
        column = QVBoxLayout(self._progress)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self.bar)
        self.names: dict[str, Label] = {}
        self.values: dict[str, Label] = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        grid.setHorizontalSpacing(8)
        for at, key in enumerate(_FIGURES):
            self.names[key] = Label(tone="2")
            self.values[key] = Label(role="strong", tabular=True, selectable=True)
            if key == "languages":
                self.values[key] = ElidedLabel(role="strong")
            grid.addWidget(self.names[key], at, 0)
            grid.addWidget(self.values[key], at, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(1, 1)
        self.divider = Divider()
        self.cost = Label(role="small", tone="2", wrap=True)
        self.body.addWidget(self._progress)
        self.body.addLayout(grid)
        self.body.addWidget(self.divider)
        self.body.addWidget(self.cost)
        for key, term in (("tokens", "token"), ("trained", "loss_mask")):
            set_term(self.names[key], term)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.title.setText(_("How much it is"))
        for key, word in _FIGURES.items():
            self.names[key].setText(_(word))
        self.names["trained"].setToolTip(_("Tokens that the model learns to say (loss mask)"))
        self.names["repeats"].setToolTip(_("Rows whose content stands further up already"))
        self.names["languages"].setToolTip(_("Share of the letters, in bytes"))

    def show_report(self, report: FileReport, cost: str, cost_tip: str) -> None:
        """What is known now."""
        count, self._state = report.count, report.state
        busy = report.state in (FileState.COUNTING, FileState.WAITING)
        self._progress.setVisible(busy or report.state is FileState.STOPPED)
        share = count.share if count else 0.0
        self.bar.setVisible(busy)
        self.bar.set_share(share)
        self.bar.setAccessibleName(_("Counting…"))
        said = _("Counting… {share}") if busy else _("Only {share} was counted")
        self.state.setText(said.format(share=fmt.percent(share)))
        self.stop.setText(_("Stop") if busy else _("Count to the end"))
        shown = {
            "usable": words.rows_of(count) if count else fmt.UNKNOWN,
            "tokens": fmt.count(count.tokens) if count else fmt.UNKNOWN,
            "trained": words.trained(count) if count else fmt.UNKNOWN,
            "repeats": fmt.rows(count.repeats) if count else fmt.UNKNOWN,
            "languages": words.languages(count) if count else fmt.UNKNOWN,
        }
        for key, text in shown.items():
            self.values[key].setText(text)
        exact = (
            (("usable", count.usable), ("tokens", count.tokens), ("trained", count.trained)) if count else ()
        )
        for key, number in exact:
            self.values[key].setToolTip(fmt.exact(number))
        self.cost.setText(cost)
        self.cost.setToolTip(cost_tip)
        for widget in (self.divider, self.cost):
            widget.setVisible(bool(cost))

    def _on_pressed(self) -> None:
        stopped = self._state is FileState.STOPPED
        (self.again_pressed if stopped else self.stop_pressed).emit()


class LengthsCard(Card):
    """A histogram, the median, and what happens to longer rows."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.median = Label(role="small", tone="2", tabular=True)
        self.title = self.add_title(self.median)
        self.histogram = Histogram(appearance)
        self.sentence = Label(role="small", tone="2", wrap=True)
        self.body.addWidget(self.histogram, 1)
        self.body.addWidget(self.sentence)
        for part in (self.title, self.histogram):
            set_term(part, "seq_len")

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.title.setText(_("Row lengths"))

    def show_report(self, report: FileReport, seq_len: int) -> None:
        """What is known now."""
        count = report.count
        if count is None or not count.usable:
            self.median.setText("")
            self.sentence.setText("")
            self.histogram.set_lengths((), seq_len)
            return
        self.median.setText(_("median {tokens}").format(tokens=fmt.tokens(count.percentile(0.5))))
        self.histogram.set_lengths(count.lengths, seq_len)
        self.sentence.setText(words.lengths_sentence(count, seq_len))


class SkippedCard(Card):
    """The first skipped rows; a press on one shows it.

    Signals:
        line_pressed(line): show that row.
        all_pressed: show all of them.
    """

    line_pressed = Signal(int)
    all_pressed = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.number = Label(role="strong", tone="warning", tabular=True)
        self.title = self.add_title(self.number)
        self.rows: list[tuple[LinkButton, ElidedLabel]] = []
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        for at in range(_SHOWN):
            link, reason = LinkButton(appearance), ElidedLabel(role="small", tone="2")
            link.clicked.connect(lambda _checked=False, at=at: self.line_pressed.emit(self._lines[at]))
            grid.addWidget(link, at, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(reason, at, 1)
            self.rows.append((link, reason))
        self.none = Label(role="small", tone="2", wrap=True)
        self.every = LinkButton(appearance)
        self.every.clicked.connect(self.all_pressed)
        self._lines: list[int] = []
        self.body.addLayout(grid)
        self.body.addWidget(self.none)
        self.body.addWidget(self.every, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.title.setText(_("Skipped rows"))

    def show_report(self, report: FileReport) -> None:
        """What is known now."""
        count = report.count
        problems = count.problems[:_SHOWN] if count else ()
        skipped = count.skipped if count else 0
        self._lines = [problem.line for problem in problems]
        for at, (link, reason) in enumerate(self.rows):
            there = at < len(problems)
            link.setVisible(there)
            reason.setVisible(there)
            if there:
                link.setText(words.line_words(problems[at].line))
                reason.setText(problems[at].message)
        self.number.setText(fmt.exact(skipped) if skipped else "")
        self.none.setVisible(not problems)
        done = report.state is FileState.DONE
        self.none.setText(_("Every row can be used.") if done and count and not skipped else "")
        self.every.setVisible(skipped > len(problems))
        self.every.setText(_("All {n}").format(n=fmt.rows(skipped)))
