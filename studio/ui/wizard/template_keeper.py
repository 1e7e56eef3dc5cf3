"""Plans that are kept to begin others with: `templates/*.json` of the project."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from minimind.text import _
from studio.planning.choices import Choices, Draft, Drafts
from studio.ui.navigator import Navigator


class TemplateKeeper(QObject):
    """Keeps and removes templates, and offers to take either back.

    Signals:
        changed: there is one more, or one less.
        failed(sentence): one could not be written.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(
        self, templates: Callable[[], Drafts], navigator: Navigator | None, parent: QObject | None = None
    ) -> None:
        """
        Args:
            templates: those of the project in force.
            navigator: shows the toasts; None shows none.
            parent: as in Qt.
        """
        super().__init__(parent)
        self._templates, self._navigator = templates, navigator

    def all(self) -> list[Draft]:
        """Every template, the latest first; what it is called is the name of its choices."""
        return self._templates().all()

    def keep(self, choices: Choices, name: str) -> None:
        """Write a template."""
        template = self._save(choices.with_changes(name=name))
        if template is not None:
            text = _("Kept as the template “{name}”; a new run can begin with it.").format(name=name)
            self._offer_back(text, lambda: self._remove(template))

    def remove(self, template: Draft) -> None:
        """Throw a template away."""
        self._remove(template.draft_id)
        text = _("The template “{name}” is removed.").format(name=template.choices.name)
        self._offer_back(text, lambda: self._save(template.choices, template.draft_id))

    def _save(self, choices: Choices, template: str | None = None) -> str | None:
        try:
            saved = self._templates().save(choices, template)
        except OSError as error:
            reason = error.strerror or str(error)
            self.failed.emit(_("The template could not be kept: {reason}.").format(reason=reason))
            return None
        self.changed.emit()
        return saved

    def _remove(self, template: str) -> None:
        self._templates().remove(template)
        self.changed.emit()

    def _offer_back(self, text: str, undo: Callable[[], object]) -> None:
        if self._navigator is not None:
            self._navigator.toast(text, action_text=_("Undo"), action=lambda: (undo(), None)[1])
