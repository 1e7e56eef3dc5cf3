"""Keeps the plan that a person works on as a draft file, a moment after each change."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from minimind.text import _
from studio.planning.choices import Choices, Draft, Drafts

WAIT_MS = 500


class DraftKeeper(QObject):
    """Saves what `choices` answers; an untouched plan leaves no file.

    Signals:
        failed(sentence): the draft could not be written.
    """

    failed = Signal(str)

    def __init__(
        self, drafts: Callable[[], Drafts], choices: Callable[[], Choices], parent: QObject | None = None
    ) -> None:
        """
        Args:
            drafts: those of the project in force.
            choices: the plan as it is now.
            parent: as in Qt.
        """
        super().__init__(parent)
        self._drafts, self._choices = drafts, choices
        self._begun = Choices()
        self._draft_id: str | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self.save)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.save)

    def begin(self, choices: Choices, draft: Draft | None = None) -> None:
        """A plan begins: a new one, or one from a draft, which later changes then go to."""
        self._timer.stop()
        self._begun = choices
        self._draft_id = draft.draft_id if draft else None

    @property
    def is_touched(self) -> bool:
        """Somebody worked on the plan since it began."""
        return self._choices() not in (Choices(), self._begun)

    def changed(self) -> None:
        """The plan changed; it is saved when the person pauses."""
        self._timer.start()

    def save(self) -> None:
        """Save now, if there is something to save."""
        self._timer.stop()
        if not self.is_touched:
            return
        try:
            self._draft_id = self._drafts().save(self._choices(), self._draft_id)
        except OSError as error:
            reason = error.strerror or str(error)
            self.failed.emit(_("This plan could not be kept as a draft: {reason}.").format(reason=reason))

    def forget(self) -> None:
        """The plan was started or discarded: its draft goes."""
        if self._draft_id is not None:
            self._drafts().remove(self._draft_id)
        self.begin(Choices())
