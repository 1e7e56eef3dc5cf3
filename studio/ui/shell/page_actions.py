"""What the page in front can do, gathered from what it shows: its keys, its header's buttons and menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QPushButton

from studio.ui.pages.page import Page
from studio.ui.shell.commands import key_caps
from studio.ui.shell.matching import Entry
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.page_header import PageHeader


def page_actions(page: Page, key: str, group: str) -> list[Entry]:
    """Entries for the palette, the filled button first; each thing once, by its words.

    Args:
        key: of the page; group: its title, translated.
    """
    found: dict[str, Entry] = {}
    for title, keys, icon, do in _everything(page):
        if title not in found:
            caps = next(iter(key_caps(keys)), "")
            found[title] = Entry(
                key=f"{key}/{title}", title=title, group=group, keys=caps, icon=icon or "play", do=do
            )
        elif keys and not found[title].keys:
            before = found[title]
            caps = key_caps(keys)[0]
            found[title] = Entry(
                key=before.key, title=title, group=group, keys=caps, icon=before.icon, do=before.do
            )
    return list(found.values())


Action = tuple[str, str, str, Callable[[], object]]


def _everything(page: Page) -> Iterator[Action]:
    primary = page.primary_action()
    if primary is not None and _usable(primary):
        yield _words(primary), "Ctrl+Enter", _icon(primary), primary.click
    for header in page.findChildren(PageHeader):
        if header.isVisible():
            yield from _of_header(header)
    yield from _of_keys(page)


def _of_header(header: PageHeader) -> Iterator[Action]:
    for button in header.findChildren(QPushButton):
        # a button with an icon only is a menu, or a mark such as the star
        if _usable(button) and button.text() and button.menu() is None:
            yield _words(button), "", _icon(button), button.click
    for item in header.menu_items():
        if item.enabled and item.action is not None:
            yield item.text, item.keys, item.icon, item.action


def _of_keys(page: Page) -> Iterator[Action]:
    keys = {shortcut.key().toString(): shortcut for shortcut in page.findChildren(QShortcut)}
    for hint in page.shortcuts():
        shortcut = keys.get(QKeySequence(hint.keys.replace(" ", "+")).toString())
        if shortcut is not None and shortcut.isEnabled():
            yield hint.text, hint.keys, "", shortcut.activated.emit


def _usable(button: QAbstractButton) -> bool:
    return button.isVisible() and button.isEnabled()


def _icon(button: QAbstractButton) -> str:
    return button.icon_name if isinstance(button, Button) else ""


def _words(button: QAbstractButton) -> str:
    return button.text().replace("&", "") or button.accessibleName()
