"""Which word of the glossary a widget stands for."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QAbstractButton, QLabel, QTabBar, QWidget

from minimind import glossary
from minimind.glossary import TERMS
from minimind.glossary.term import Term
from minimind.text import _

PROPERTY = "term"
# longer texts are sentences, which name many words
_MOST_LETTERS = 40


def set_term(widget: QWidget, name: str) -> None:
    """F1 on this widget explains the word of that name; a name without an entry does no harm."""
    widget.setProperty(PROPERTY, name)


def term_of(widget: QWidget | None) -> Term | None:
    """The word a widget or what it lies in was marked with, else one that stands in its own text."""
    own = widget
    while widget is not None:
        name = widget.property(PROPERTY)
        if isinstance(name, str) and (term := glossary.find(name)) is not None:
            return term
        widget = None if widget.isWindow() else widget.parentWidget()
    return in_text(_text(own)) if own is not None else None


def in_text(text: str) -> Term | None:
    """The longest word of the glossary that stands in a short text, in the language of now.

    A word of one letter, as Chinese has some, has to be the whole text.
    """
    text = text.replace("&", "").strip().casefold()
    if not text or len(text) > _MOST_LETTERS:
        return None
    found = [term for term in TERMS if _stands_in(_(term.word).casefold(), text)]
    return max(found, key=lambda term: len(_(term.word)), default=None)


def _stands_in(word: str, text: str) -> bool:
    if len(word) == 1:
        return word == text
    if word.isascii():
        return re.search(rf"(?<!\w){re.escape(word)}s?(?!\w)", text) is not None
    return word in text


def _text(widget: QWidget) -> str:
    if isinstance(widget, QTabBar):
        return widget.tabText(widget.currentIndex())
    if isinstance(widget, QLabel | QAbstractButton):
        return widget.text() or widget.accessibleName()
    return widget.accessibleName()
