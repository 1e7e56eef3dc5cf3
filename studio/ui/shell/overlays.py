"""What opens over the window: palette, glossary, list of shortcuts; one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from minimind.glossary.term import Term
from minimind.text import _
from studio.services.chat_titles import ChatTitles
from studio.ui.pages.page import Page
from studio.ui.pages.table import PageRow, Tools
from studio.ui.shell import entries
from studio.ui.shell.commands import keys_of
from studio.ui.shell.glossary_panel import GlossaryPanel
from studio.ui.shell.matching import Entry
from studio.ui.shell.page_actions import page_actions
from studio.ui.shell.palette import Palette
from studio.ui.shell.terms import term_of
from studio.ui.shortcut_list import ShortcutList
from studio.ui.widgets.overlay import Overlay

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow

_RECENT = "palette_recent"


class Overlays(QObject):
    """Each is made when it is first wanted: the window opens without them.

    Args:
        over: what they float over.
        choose_project: called with the folder of a project.
    """

    def __init__(
        self, tools: Tools, window: MainWindow, over: QWidget, choose_project: Callable[[str], object]
    ) -> None:
        super().__init__(window)
        self._tools = tools
        self._window = window
        self._over = over
        self._choose_project = choose_project
        self._titles: ChatTitles | None = None

    @cached_property
    def palette(self) -> Palette:
        """The palette."""
        memory = self._tools.memory
        return Palette(
            self._tools.appearance,
            self._over,
            recent=memory.get(_RECENT, []),
            remember=lambda keys: memory.set(_RECENT, keys),
        )

    @cached_property
    def glossary(self) -> GlossaryPanel:
        """The glossary."""
        return GlossaryPanel(self._tools.appearance, self._over)

    @cached_property
    def shortcuts(self) -> ShortcutList:
        """The list of shortcuts."""
        made = ShortcutList(self._tools.appearance, self._over)
        made.glossary_wanted.connect(lambda: self.show_glossary())
        return made

    def close_open(self) -> bool:
        """Close what is open; False when nothing was."""
        found = [overlay for overlay in self._over.findChildren(Overlay) if overlay.isVisible()]
        for overlay in found:
            overlay.hide()
        return bool(found)

    def close(self) -> None:
        """End what reads in the background; the window closes."""
        if self._titles is not None:
            self._titles.close()
            self._titles = None

    def show_shortcuts(self, title: str, page: Page) -> None:
        """What works everywhere, and on this page."""
        self.close_open()
        self.shortcuts.open(title, page.shortcuts())

    def show_glossary(self, term: Term | None = None) -> None:
        """A word, or the first one."""
        self.close_open()
        self.glossary.open(term)

    def word_at_hand(self, pages: QWidget) -> Term | None:
        """The word that has the keyboard, else the one under the pointer; only what stands on a page."""
        under = QApplication.widgetAt(QCursor.pos())
        for widget in (self._window.focusWidget(), under):
            if widget is not None and pages.isAncestorOf(widget):
                term = term_of(widget)
                if term is not None:
                    return term
        return None

    def show_palette(self, row: PageRow, page: Page, places: Sequence[PageRow]) -> None:
        """Everything that can be found from a page; conversations follow when they have been read.

        Args:
            row: of the page in front; places: the pages of the rail, those with a number first.
        """
        if self.palette.isVisible():
            self.palette.hide()
            return
        self.close_open()
        self.palette.open(self._entries(row, page, places))
        if any(place.key == "chat" for place in places):
            if self._titles is None:
                self._titles = ChatTitles(self)
                self._titles.found.connect(self._on_titles)
            self._titles.ask(self._tools.paths.projects / self._tools.runs.project)

    def _entries(self, row: PageRow, page: Page, places: Sequence[PageRow]) -> list[Entry]:
        tools, window = self._tools, self._window
        pages = [(place.key, place.title, place.icon, place_keys(places, place)) for place in places]
        others = [(p.folder, p.name) for p in tools.projects.projects() if p.folder != tools.runs.project]
        return [
            *page_actions(page, row.key, _(row.title)),
            *entries.of_pages(pages, window.open_page),
            *entries.of_commands(window),
            *entries.of_runs(tools.runs.runs(), tools.navigator.open_run),
            *entries.of_projects(others, self._choose_project),
            *entries.of_switches(tools.preferences),
        ]

    def _on_titles(self, titles: list[tuple[str, str]]) -> None:
        if self.palette.isVisible():
            self.palette.add(list(entries.of_chats(titles, self._tools.navigator.open_chat)))


def place_keys(places: Sequence[PageRow], row: PageRow) -> str:
    """The key cap that leads to a page of the rail."""
    if row.bottom:
        return keys_of(row.key)
    numbered = [place.key for place in places if not place.bottom]
    return f"Ctrl {numbered.index(row.key) + 1}"
