"""The header of the run page: name, state, star, where and since when, what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from minimind.text import _
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.run.actions import Action, Actions
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.page_header import MenuItem, PageHeader
from studio.ui.widgets.pill import StatePill


class RunHeader(PageHeader):
    """A page header that knows runs.

    Signals:
        action_chosen(str): key of a button.
        star_toggled(bool).
    """

    action_chosen = Signal(str)
    star_toggled = Signal(bool)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self._look = appearance
        self.pill = StatePill(appearance)
        self.star = IconButton(appearance, "star", small=True)
        self.star.setCheckable(True)
        self.star.clicked.connect(self.star_toggled)
        self._buttons: dict[str, Button] = {}
        self._primary = ""
        self.add_beside(self.pill)
        self.add_beside(self.star)
        self.set_editable(True)
        appearance.changed.connect(self._tint_star)

    def show_run(self, run: Run, meta: str, offered: Actions, menu: list[MenuItem]) -> None:
        """The run as it is now."""
        self.set_title(run.name)
        self.set_meta(meta)
        self.pill.set_state(run.state.value)
        self.star.setChecked(run.star)
        self.star.set_name(_("Take the star away") if run.star else _("Give it a star"), "S")
        self._tint_star()
        self._primary = offered.primary
        shown = [self._button(action, primary=action.key == offered.primary) for action in offered.buttons]
        if shown != self._shown:
            self._shown = shown
            self.set_actions(shown)
        if menu != self._lines:
            self._lines = menu
            self.set_menu(menu)

    _shown: list[Button] | None = None
    _lines: list[MenuItem] | None = None

    def primary(self) -> Button | None:
        """The filled button, if there is one."""
        return self._buttons.get(self._primary) if self._primary else None

    def button(self, key: str) -> Button | None:
        """The button of an action that is shown now."""
        found = self._buttons.get(key)
        return found if found is not None and self._shown and found in self._shown else None

    def _button(self, action: Action, *, primary: bool) -> Button:
        button = self._buttons.get(action.key)
        if button is None:
            button = Button(self._look)
            button.clicked.connect(lambda _checked=False, key=action.key: self.action_chosen.emit(key))
            self._buttons[action.key] = button
        button.set_kind("primary" if primary else "normal")
        button.set_icon(action.icon)
        if button.text() != action.text:
            button.setText(action.text)
        button.setEnabled(action.enabled)
        button.set_hint(action.hint or action.text, action.keys)
        return button

    def _tint_star(self) -> None:
        token = "warning" if self.star.isChecked() else "text3"
        self.star.setIcon(self._look.icon("star", token))
