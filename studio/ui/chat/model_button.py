"""Which model answers: a button that says it, and a menu of all that could."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from minimind.text import _
from studio.services.chat_models import ChatModel
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.file_dialogs import pick_file, pick_folder
from studio.ui.widgets.painting import draw_box

_WIDEST = 420


def step_words(model: ChatModel) -> str:
    """`第 1,800 步 · 最好`; empty for a file."""
    if model.step is None:
        return "GGUF" if model.path.endswith(".gguf") else ""
    parts = [_("step {n}").format(n=fmt.exact(model.step))]
    if model.best:
        parts.append(_("best"))
    if model.newest and not model.best:
        parts.append(_("newest"))
    return " · ".join(parts)


def ask_for_file(parent: QWidget, start: str) -> str:
    """A GGUF file from the disk; "" for none."""
    return pick_file(parent, _("Open a GGUF file"), start, [("GGUF", ["*.gguf"])])


def ask_for_folder(parent: QWidget, start: str) -> str:
    """A model's folder from the disk; "" for none."""
    return pick_folder(parent, _("Open a model folder"), start)


class ModelButton(QPushButton):
    """Shows the chosen model; a click opens the menu.

    Signals:
        opened: the menu is about to show; what is there may be looked for again.
        chosen(object): a ChatModel.
        file_requested: choose a .gguf file from the disk.
        folder_requested: choose a checkpoint folder from the disk.
    """

    opened = Signal()
    chosen = Signal(object)
    file_requested = Signal()
    folder_requested = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._model: ChatModel | None = None
        self._models: Sequence[ChatModel] = ()
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("elide", True)
        self.setAutoDefault(False)
        appearance.changed.connect(self._on_appearance_changed)
        self.show_models((), None)

    def show_models(self, models: Sequence[ChatModel], current: ChatModel | None) -> None:
        """What can be chosen, and what is."""
        self._models, self._model = models, current
        words = f"{current.label}  {step_words(current)}".strip() if current else _("Choose a model")
        self.setAccessibleName(words)
        self.setToolTip("\n".join(filter(None, [words, current.path if current else ""])))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        strong, small = (
            QFontMetrics(self._appearance.font("strong")),
            QFontMetrics(self._appearance.font("body")),
        )
        label, words = self._words()
        width = 34 + strong.horizontalAdvance(label) + 12 + small.horizontalAdvance(words) + 40
        return QSize(max(280, min(_WIDEST, width)), 32)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter, area = self._appearance, QPainter(self), QRectF(self.rect())
        ground = "hover" if self.underMouse() else "surface"
        focused = self.hasFocus()
        draw_box(
            painter,
            area,
            fill=look.color(ground),
            border=look.color("accent" if focused else "border_strong"),
            width=2 if focused else 1,
        )
        painter.drawPixmap(10, (self.height() - 16) // 2, look.pixmap("package", "success", 16))
        painter.drawPixmap(
            self.width() - 26, (self.height() - 16) // 2, look.pixmap("chevron-down", "text2", 16)
        )
        label, words = self._words()
        left, room = 34, self.width() - 34 - 34
        painter.setFont(look.font("strong"))
        painter.setPen(look.color("text"))
        shown = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, room)
        used = painter.fontMetrics().horizontalAdvance(shown)
        painter.drawText(self.rect().adjusted(left, 0, -34, 0), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.setFont(look.font("body"))
        painter.setPen(look.color("text2"))
        rest = room - used - 10
        if rest > 24:
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, rest)
            place = self.rect().adjusted(left + used + 10, 0, -34, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)

    def _words(self) -> tuple[str, str]:
        if self._model is None:
            return _("Choose a model"), ""
        return self._model.label, step_words(self._model)

    def _fill(self) -> None:
        self.opened.emit()
        menu, look = self._menu, self._appearance
        menu.clear()
        for model in self._models:
            text = f"{model.label}\t{step_words(model)}".replace("&", "&&")
            action = menu.addAction(text)
            here = self._model is not None and model.path == self._model.path
            action.setIcon(look.icon("check" if here else "package", "accent_text" if here else "text2"))
            action.triggered.connect(lambda _checked=False, model=model: self.chosen.emit(model))
        if self._models:
            menu.addSeparator()
        file = menu.addAction(look.icon("file-text", "text2"), _("Open a GGUF file…"))
        file.triggered.connect(lambda: self.file_requested.emit())
        folder = menu.addAction(look.icon("folder-open", "text2"), _("Open a model folder…"))
        folder.triggered.connect(lambda: self.folder_requested.emit())

    def _on_appearance_changed(self) -> None:
        self.show_models(self._models, self._model)
