"""What a right click offers on a file, a line, a row and a token of the data page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from minimind.text import _
from studio.planning.token_blocks import Run
from studio.ui.data import words
from studio.ui.run.commands import open_folder
from studio.ui.widgets.page_header import MenuItem

if TYPE_CHECKING:
    from studio.planning.row_reader import RowView

Act = Callable[[], object]


def file_items(path: str, *, pick: Act, sample: Act, again: Act, remove: Act) -> list[MenuItem]:
    """For a file; the acts are what the page does."""
    return [
        MenuItem(text=_("Add files…"), icon="plus", action=pick),
        MenuItem(text=_("Add the sample"), icon="sprout", action=sample),
        MenuItem(),
        _open_item(path),
        MenuItem(text=_("Copy the path"), icon="copy", action=lambda: copy(path)),
        MenuItem(text=_("Count again"), icon="refresh-cw", action=again),
        MenuItem(),
        MenuItem(text=_("Remove from the project"), icon="x", keys="Del", action=remove),
    ]


def line_items(path: str, line: int, *, show: Act) -> list[MenuItem]:
    """For a skipped row or a repeat."""
    go = _("Go to {line}").format(line=words.line_words(line))
    return [MenuItem(text=go, icon="list-ordered", action=show), _place_item(path, line), _open_item(path)]


def row_items(view: RowView, run: Run | None, *, go: Act) -> list[MenuItem]:
    """For a row, and the token under the pointer."""
    text = "".join(part.text for turn in view.turns for part in turn.runs)
    items: list[MenuItem] = []
    if run is not None:
        ids = " ".join(str(number) for number in run.ids)
        items = [
            MenuItem(text=_("Copy the token"), icon="copy", action=lambda: copy(run.text)),
            MenuItem(text=_("Copy its number"), icon="copy", action=lambda: copy(ids)),
            MenuItem(),
        ]
    return [
        *items,
        MenuItem(text=_("Copy the row as in the file"), icon="copy", action=lambda: copy(view.raw)),
        MenuItem(text=_("Copy what the template makes"), icon="copy", action=lambda: copy(text)),
        _place_item(view.path, view.line),
        MenuItem(),
        MenuItem(text=_("Go to a row"), icon="list-ordered", keys="G", action=go),
        _open_item(view.path),
    ]


def copy(text: str) -> None:
    """Into the clipboard."""
    QApplication.clipboard().setText(text)


def open_folder_of(path: str) -> None:
    """The folder that a file lies in, in the system's file manager."""
    open_folder(str(Path(path).parent))


def _open_item(path: str) -> MenuItem:
    return MenuItem(text=_("Open folder"), icon="folder-open", action=lambda: open_folder_of(path))


def _place_item(path: str, line: int) -> MenuItem:
    return MenuItem(text=_("Copy the place"), icon="copy", action=lambda: copy(f"{path}:{line}"))
