"""What the model says now: the newest sample large, older ones below, fainter."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from minimind.text import _
from studio.store.records import Sample
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.page_header import MenuItem, fill_menu
from studio.ui.widgets.painting import set_property

SHOWN = 20


class _SampleRow(QFrame):
    """One sample; a click puts the crosshair at its step."""

    chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._sample: Sample | None = None
        self._newest = self._turns = False
        self.step = Label(role="small", tone="2", tabular=True)
        self.step.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self.step.setMinimumWidth(44)
        # not a Label: the prompt's colour differs from what follows it
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.text.customContextMenuRequested.connect(self._on_menu)
        self.text.installEventFilter(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self.step, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def show_sample(self, sample: Sample, *, newest: bool, turns: bool) -> None:
        """Fill the row."""
        self._sample, self._newest, self._turns = sample, newest, turns
        set_property(self, "card", "soft" if newest else None)
        self.step.setText(fmt.exact(sample.step))
        self.step.set_tone("accent" if newest else "2")
        set_property(self.text, "role", "sample" if newest else "body")
        # the figure stands on the first line of the text, whose line is higher
        self.step.setContentsMargins(0, 3 if newest else 1, 0, 0)
        self.setToolTip(fmt.absolute(sample.t) if sample.t else "")
        self.setAccessibleName(f"{fmt.exact(sample.step)}: {sample.prompt}{sample.text}")
        self.restyle()

    def restyle(self) -> None:
        """Colours are part of the text here: prompt fainter than what it goes on with."""
        if self._sample is None:
            return
        theme = self._appearance.theme
        front = theme.text if self._newest else theme.text2
        # young models are fond of empty lines
        said = html.escape(re.sub(r"\s*\n\s*", "\n", self._sample.text).rstrip()).replace("\n", "<br>")
        if not said:
            silence = _("It said nothing.")
            said = f'<span style="color:{theme.text3}">{html.escape(silence)}</span>'
        prompt = "" if self._turns else html.escape(self._sample.prompt)
        line = 23 if self._newest else 20
        self.text.setText(
            f'<div style="line-height:{round(line * self._appearance.scale)}px; color:{front}">'
            f'<span style="color:{theme.text3}">{prompt}</span>{said}</div>'
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
            and not self.text.hasSelectedText()
        ):
            self._choose()
        return super().eventFilter(watched, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        self._ring(True)

    def focusOutEvent(self, event: object) -> None:
        self._ring(False)

    def _ring(self, on: bool) -> None:
        if on:
            set_property(self, "card", "accent")
        else:
            set_property(self, "card", "soft" if self._newest else None)

    def _choose(self) -> None:
        if self._sample is not None:
            self.chosen.emit(self._sample.step)

    def _on_menu(self, place: QPoint) -> None:
        sample = self._sample
        if sample is None:
            return
        text = self.text.selectedText() or sample.prompt + sample.text
        clipboard = QApplication.clipboard()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        items = [
            MenuItem(text=_("Copy"), icon="copy", action=lambda: clipboard.setText(text)),
            MenuItem(text=_("Show this step"), icon="activity", action=self._choose),
        ]
        fill_menu(self._appearance, menu, items)
        menu.popup(self.text.mapToGlobal(place))


class SamplesPanel(QWidget):
    """The samples of one prompt, and which prompt.

    `again` is the button that asks for a sample now; whoever owns the panel says when it may be pressed.

    Signals:
        step_chosen(int): a sample was clicked.
    """

    step_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._samples: list[Sample] = []
        self._turns = False
        self._waiting_step: int | None = None
        self.again = Button(appearance, icon="refresh-cw", size="small")
        self._prompt_word = Label(role="small", tone="3")
        self._prompt = ElidedLabel(role="small", tone="2")
        self._prompts = QComboBox()
        self._prompts.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._prompts.setMinimumContentsLength(8)
        self._rows: list[_SampleRow] = []
        self._empty = Label(role="small", tone="3", wrap=True)
        self._lay_out()
        self._prompts.currentIndexChanged.connect(lambda _at: self._show())
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def show_samples(self, samples: Sequence[Sample], *, turns: bool) -> None:
        """Show what it said, oldest first.

        Args:
            samples: of all prompts.
            turns: the texts are answers; the prompt is a question and is not part of them.
        """
        if list(samples) == self._samples and turns == self._turns:
            return
        self._samples, self._turns = list(samples), turns
        prompts = list(dict.fromkeys(sample.prompt for sample in samples))
        known = [self._prompts.itemText(i) for i in range(self._prompts.count())]
        if prompts != known:
            chosen = self._prompts.currentText()
            self._prompts.blockSignals(True)
            self._prompts.clear()
            self._prompts.addItems(prompts)
            if chosen in prompts:
                self._prompts.setCurrentText(chosen)
            self._prompts.blockSignals(False)
        self._show()

    def shown(self) -> list[Sample]:
        """The samples in sight, newest first."""
        prompt = self._prompts.currentText()
        mine = [sample for sample in self._samples if sample.prompt == prompt]
        return mine[::-1][:SHOWN]

    def take_button_back(self) -> None:
        """`again` stands in the prompt's line once more, not in a card's title."""
        self._line.addWidget(self.again)

    def retranslate(self) -> None:
        """Set every text in the language in force."""
        self.again.setText(_("Say it again"))
        self._prompt_word.setText(_("Prompt"))
        self._prompts.setAccessibleName(_("Prompt"))
        self._empty.setText(_("What it says appears here with the first sample."))
        self._show()

    def _lay_out(self) -> None:
        line = self._line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._prompt_word)
        line.addWidget(self._prompt, 1)
        line.addWidget(self._prompts, 1)
        line.addWidget(self.again)
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._list)
        column.addWidget(self._empty)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        outer.addLayout(line)
        outer.addWidget(self._scroll, 1)

    def _show(self) -> None:
        many = self._prompts.count() > 1
        prompt = self._prompts.currentText()
        self._prompts.setVisible(many)
        self._prompt.setVisible(not many)
        self._prompt.setText(f"“{prompt}”" if prompt else "")
        self._prompt_word.setVisible(bool(prompt))
        shown = self.shown()
        self._empty.setVisible(not shown)
        while len(self._rows) < len(shown):
            row = _SampleRow(self._appearance, self)
            row.chosen.connect(self.step_chosen)
            self._rows.append(row)
            self._list.addWidget(row)
        for index, row in enumerate(self._rows):
            row.setVisible(index < len(shown))
            if index < len(shown):
                row.show_sample(shown[index], newest=index == 0, turns=self._turns)
