"""Below the table: what the selected run says, what happened last, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from minimind.events import Event
from minimind.text import _
from studio.store.records import Run, Sample
from studio.ui.appearance import Appearance
from studio.ui.run.actions import Action
from studio.ui.run.rows import event_rows
from studio.ui.run.words import meta, speaks_in_turns
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import ElidedLabel
from studio.ui.widgets.pill import StatePill

_MOST_BUTTONS = 3


class DetailStrip(Card):
    """A card of two lines and buttons.

    Signals:
        action_chosen(str): "open", or the key of an action.
    """

    action_chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._appearance = appearance
        self.name = ElidedLabel(role="card")
        self.pill = StatePill(appearance)
        self.meta = ElidedLabel(role="small", tone="2")
        self.said = ElidedLabel()
        self.happened = ElidedLabel(role="small", tone="2")
        self.open_button = Button(appearance, icon="activity", size="small")
        self.open_button.clicked.connect(lambda: self.action_chosen.emit("open"))
        self._buttons: dict[str, Button] = {}
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.name)
        first.addWidget(self.pill)
        first.addWidget(self.meta, 1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addLayout(first)
        words.addWidget(self.said)
        words.addWidget(self.happened)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addWidget(self.open_button)
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addLayout(words, 1)
        line.addLayout(self._row)
        self.body.addLayout(line)
        self.body.setContentsMargins(18, 12, 18, 12)

    def show_run(
        self, run: Run, samples: Sequence[Sample], events: list[Event], offered: Sequence[Action]
    ) -> None:
        """Fill the strip.

        Args:
            run: the selected one.
            samples, events: of it, as far as they are known yet.
            offered: what can be done; the first three are shown.
        """
        self.name.setText(run.name)
        self.pill.set_state(run.state.value)
        self.meta.setText(meta(run, None, compact=True))
        self.said.setText(_said(samples, turns=speaks_in_turns(run.method)))
        self.said.setVisible(bool(samples))
        newest = next(iter(event_rows(events, [])), None)
        if run.error is not None and newest is None:
            self.happened.setText(run.error.message)
        else:
            text = (
                ""
                if newest is None
                else " · ".join(filter(None, [newest.right, newest.title, newest.detail]))
            )
            self.happened.setText(text)
        self.open_button.setText(_("Open"))
        self._show_buttons([action for action in offered if action.enabled][:_MOST_BUTTONS])

    def button(self, key: str) -> Button | None:
        """The button of an action, if it is shown."""
        found = self._buttons.get(key)
        return found if found is not None and not found.isHidden() else None

    def _show_buttons(self, offered: Sequence[Action]) -> None:
        for button in self._buttons.values():
            button.hide()
        for action in offered:
            button = self._buttons.get(action.key) or self._make_button(action.key)
            button.set_icon(action.icon)
            button.setText(action.text)
            button.show()

    def _make_button(self, key: str) -> Button:
        button = Button(self._appearance, size="small")
        button.clicked.connect(lambda: self.action_chosen.emit(key))
        self._buttons[key] = button
        self._row.insertWidget(0, button)
        return button


def _said(samples: Sequence[Sample], *, turns: bool) -> str:
    if not samples:
        return ""
    newest = samples[-1]
    first = next((sample for sample in samples if sample.step == newest.step), newest)
    text = first.text if turns else first.prompt + first.text
    return f"“{' '.join(text.split())}”"
