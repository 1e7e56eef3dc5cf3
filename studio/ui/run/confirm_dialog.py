"""The question before something that cannot be undone; the safe answer is the default."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import _, ngettext
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label


class ConfirmDialog(QDialog):
    """Title, what is lost, the deed named on its button, and the way back as the filled one.

    Args:
        title, text: translated.
        deed: what the red button says, all of it.
        back: what the default button says.
    """

    def __init__(
        self, appearance: Appearance, *, title: str, text: str, deed: str, back: str, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.text = Label(text, tone="2", wrap=True)
        self.text.setMinimumWidth(380)
        self.deed = Button(appearance, deed, kind="danger")
        self.back = Button(appearance, back)
        self.back.setDefault(True)
        self.deed.clicked.connect(self.accept)
        self.back.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.back)
        buttons.addWidget(self.deed)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(Label(title, role="heading"))
        column.addWidget(self.text)
        column.addSpacing(6)
        column.addLayout(buttons)
        self.back.setFocus()


def force_dialog(appearance: Appearance, run: Run, parent: QWidget | None) -> ConfirmDialog:
    """Ending a stuck run by force."""
    return ConfirmDialog(
        appearance,
        title=_("Force this run to end?"),
        text=lost_by_force(run),
        deed=_("Force it to end"),
        back=_("Keep waiting"),
        parent=parent,
    )


def delete_dialog(appearance: Appearance, runs: list[Run], parent: QWidget | None) -> ConfirmDialog:
    """Removing runs that are in the trash."""
    count = len(runs)
    deed = ngettext("Delete {n} run forever", "Delete {n} runs forever", count).format(n=fmt.exact(count))
    names = _(", ").join(f"“{run.name}”" for run in runs[:3])
    if count > 3:
        names = _("{names} and {n} more").format(names=names, n=fmt.exact(count - 3))
    return ConfirmDialog(
        appearance,
        title=_("Delete forever?"),
        text=_("{names}: curve, log, samples and all checkpoints go and do not come back.").format(
            names=names
        ),
        deed=deed,
        back=_("Keep"),
        parent=parent,
    )


def lost_by_force(run: Run) -> str:
    """What ending it now costs."""
    saved = run.last_checkpoint
    if saved is None:
        if not run.step:
            return _("It has not learned anything yet, so nothing is lost.")
        return _("It has no checkpoint yet: all {step} steps are lost.").format(step=fmt.exact(run.step))
    lost = run.step - saved
    if lost <= 0:
        return _("Its last checkpoint is the step that it reached, so nothing is lost.")
    sentence = ngettext(
        "Its last checkpoint is step {saved}; the {n} step after it is lost.",
        "Its last checkpoint is step {saved}; the {n} steps after it are lost.",
        lost,
    )
    return sentence.format(saved=fmt.exact(saved), n=fmt.exact(lost))
