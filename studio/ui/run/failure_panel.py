"""Why the run ended: the sentence, what is safe, the way on, the end of the log."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.run.failure import Failure, Mending
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, ElidedLabel, Label

_ICONS = {"danger": "circle-x", "warning": "unplug"}


class FailurePanel(Card):
    """On top of the page of a failed or interrupted run.

    Signals:
        mending_chosen(Mending): one of the two buttons.
        log_wanted, report_wanted: the links.
    """

    mending_chosen = Signal(object)
    log_wanted = Signal()
    report_wanted = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(look="danger", parent=parent)
        self._appearance = appearance
        self._failure: Failure | None = None
        self._labels: list[ElidedLabel] = []
        self._icon = Label()
        self.title = Label(role="heading", wrap=True, selectable=True)
        self.safe = Label(tone="2", wrap=True, selectable=True)
        self.primary = Button(appearance, kind="primary", icon="rotate-ccw")
        self.second = Button(appearance)
        self.note = ElidedLabel(role="small", tone="2")
        self._log_word = Label(role="small", tone="2")
        self._open_log = LinkButton(appearance, icon="scroll-text")
        self._copy = LinkButton(appearance, icon="copy")
        self._log = QFrame()
        self._log.setProperty("card", "sunken")
        self._log_lines = QVBoxLayout(self._log)
        self._log_lines.setContentsMargins(12, 8, 12, 8)
        self._log_lines.setSpacing(0)
        self._lay_out()
        self.primary.clicked.connect(self._on_primary)
        self.second.clicked.connect(self._on_second)
        self._open_log.clicked.connect(self.log_wanted)
        self._copy.clicked.connect(self.report_wanted)
        self._retranslate()
        appearance.changed.connect(self._retranslate)

    def show_failure(self, failure: Failure) -> None:
        """Fill the panel; the buttons say all that will happen."""
        if failure == self._failure:
            return
        self._failure = failure
        self.set_look(failure.tone)
        self._icon.setPixmap(self._appearance.pixmap(_ICONS[failure.tone], failure.tone, 20))
        self.title.setText(failure.title)
        self.safe.setText(failure.safe)
        self.safe.setVisible(bool(failure.safe))
        self.primary.setText(failure.mending.text)
        self.primary.set_icon("git-branch" if failure.mending.kind == "branch" else "rotate-ccw")
        self.second.setVisible(failure.unchanged is not None)
        self.second.setText(failure.unchanged.text if failure.unchanged else "")
        self.note.setText(failure.mending.note)
        self._fill_log(failure)

    def set_lines_shown(self, most: int) -> None:
        """Fewer lines of the log where the window is low."""
        failure = self._failure
        first = max(0, len(self._labels) - most)
        if failure is not None and failure.cause is not None:
            # the line that names the cause stays in sight
            first = min(first, failure.cause)
        for at, label in enumerate(self._labels):
            label.setVisible(first <= at < first + most)

    def _fill_log(self, failure: Failure) -> None:
        for label in self._labels:
            self._log_lines.removeWidget(label)
            label.deleteLater()
        self._labels = []
        for at, line in enumerate(failure.log):
            caused = failure.cause is not None and at >= failure.cause
            label = ElidedLabel(line, role="mono", tone="danger" if caused else "2")
            self._log_lines.addWidget(label)
            self._labels.append(label)
        self._log.setVisible(bool(failure.log))

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.title)
        words.addWidget(self.safe)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.primary)
        buttons.addWidget(self.second)
        buttons.addSpacing(8)
        buttons.addWidget(self.note, 1)
        words.addSpacing(6)
        words.addLayout(buttons)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        line = QHBoxLayout()
        line.addWidget(self._log_word)
        line.addStretch(1)
        line.addWidget(self._open_log)
        line.addWidget(self._copy)
        self.body.addLayout(top)
        self.body.addSpacing(4)
        self.body.addWidget(Divider())
        self.body.addLayout(line)
        self.body.addWidget(self._log)

    def _retranslate(self) -> None:
        self._log_word.setText(_("Last lines of the log"))
        self._open_log.setText(_("Open the whole log"))
        self._copy.setText(_("Copy report"))
        if self._failure is not None:
            self._icon.setPixmap(self._appearance.pixmap(_ICONS[self._failure.tone], self._failure.tone, 20))

    def _on_primary(self) -> None:
        if self._failure is not None:
            self.mending_chosen.emit(self._failure.mending)

    def _on_second(self) -> None:
        if self._failure is not None:
            self.mending_chosen.emit(self._failure.unchanged or Mending(text=""))
