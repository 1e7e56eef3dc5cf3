"""Text for people: msgid = English, gettext, one catalogue for engine and studio."""

from __future__ import annotations

import gettext
import os
from functools import cache

from minimind.assets import ASSETS

LANGUAGES = {"en": "English", "zh": "中文"}

_translations: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def set_language(language: str) -> None:
    """Switch what `_` answers from now on; unknown languages fall back to English."""
    global _translations, _language
    _translations = _catalogue(language)
    _language = language if language in LANGUAGES else "en"


def language() -> str:
    """The language that `_` answers in: `en` or `zh`."""
    return _language


def _(message: str) -> str:
    """Translate now."""
    return _translations.gettext(message) if message else ""


def in_every_language(message: str) -> tuple[str, ...]:
    """A msgid in all languages, for looking things up whatever the window speaks."""
    return (message, *(_catalogue(name).gettext(message) for name in LANGUAGES if name != "en"))


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("minimind", ASSETS / "locale", [language], fallback=True)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate now, with the plural form that fits `count`."""
    return _translations.ngettext(singular, plural, count)


def N_(message: str) -> str:
    """Mark for the catalogue, translate later (tables, dataclass fields, event codes)."""
    return message


set_language(os.environ.get("MINIMIND_LANG", "en"))
