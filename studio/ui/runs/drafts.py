"""Plans that somebody left, as rows: opened in the wizard, or thrown away with an undo."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QWidget

from minimind.recipes import RECIPES
from minimind.text import _
from studio.planning.choices import Choices, Draft, Drafts
from studio.services.run_reader import RunReader
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.run.row_list import RowList
from studio.ui.run.rows import Row
from studio.ui.run.words import method_title
from studio.ui.widgets.page_header import MenuItem


class DraftRows(QObject):
    """The drafts of the project in force, in a list.

    Signals:
        changed: there are more or fewer.
    """

    changed = Signal()

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        runs: RunReader,
        projects: Path | None,
        parent: QWidget,
    ) -> None:
        """`projects`: the projects folder; None for a page without drafts."""
        super().__init__(parent)
        self._navigator, self._runs, self._projects = navigator, runs, projects
        self._drafts: list[Draft] = []
        self.list = RowList(appearance, parent)
        self.list.row_chosen.connect(lambda row: self.open(row.path))
        self.list.menu_wanted.connect(self._on_menu)
        self.list.key_pressed.connect(self._on_key)

    @property
    def count(self) -> int:
        """How many there are, as far as is known."""
        return len(self._drafts)

    def look(self) -> None:
        """Read them again."""
        drafts = self._of_project()
        if drafts is not None:
            self._runs.in_background(drafts.all, self._take)

    def retranslate(self) -> None:
        """Say everything in the language in force."""
        self.list.setAccessibleName(_("Drafts"))
        self.list.set_empty(_("No plan was left."))
        self.list.set_rows([_row(draft) for draft in self._drafts])

    def open(self, draft_id: str) -> None:
        """Go on with a plan."""
        self._navigator.new_run({"draft": draft_id})

    def discard(self, draft_id: str) -> None:
        """Throw a plan away; it can be put back for as long as the toast stands."""
        drafts = self._of_project()
        draft = next((draft for draft in self._drafts if draft.draft_id == draft_id), None)
        if drafts is None or draft is None:
            return
        self._runs.in_background(lambda: drafts.remove(draft_id), lambda _none: self.look())
        self._navigator.toast(
            _("The plan is thrown away"), action_text=_("Undo"), action=lambda: self._keep(draft)
        )

    # -- inside --------------------------------------------------------------------------------

    def _keep(self, draft: Draft) -> None:
        drafts = self._of_project()
        if drafts is not None:
            self._runs.in_background(
                lambda: drafts.save(draft.choices, draft.draft_id), lambda _id: self.look()
            )

    def _of_project(self) -> Drafts | None:
        return None if self._projects is None else Drafts(self._projects / self._runs.project / "drafts")

    def _take(self, drafts: list[Draft]) -> None:
        if drafts != self._drafts:
            self._drafts = drafts
            self.retranslate()
            self.changed.emit()

    def _on_key(self, key: int, row: Row) -> None:
        if key == Qt.Key.Key_Delete:
            self.discard(row.path)

    def _on_menu(self, row: Row, place: QPoint) -> None:
        self.list.open_menu(
            [
                MenuItem(
                    text=_("Go on with it"), icon="pencil", keys="Enter", action=lambda: self.open(row.path)
                ),
                MenuItem(
                    text=_("Throw away"), icon="trash-2", keys="Del", action=lambda: self.discard(row.path)
                ),
            ],
            place,
        )


def _row(draft: Draft) -> Row:
    choices = draft.choices
    parts = [_what(choices) if choices.name else "", _model(choices), _data(choices)]
    return Row(
        icon="pencil",
        title=choices.name or _what(choices) or _("A plan without a beginning"),
        detail=" · ".join(filter(None, parts)),
        right=fmt.when(draft.changed),
        tip=fmt.absolute(draft.changed),
        path=draft.draft_id,
    )


def _what(choices: Choices) -> str:
    if choices.recipe in RECIPES:
        return _(RECIPES[choices.recipe].title)
    return method_title(choices.method) if choices.method else ""


def _model(choices: Choices) -> str:
    return choices.preset or choices.checkpoint or ""


def _data(choices: Choices) -> str:
    names = [Path(file.path).name for file in choices.data]
    if len(names) > 1:
        return _("{name} and more").format(name=names[0])
    return next(iter(names), "")
