"""The rail at the left: project, places, the button for a new run, help and preferences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from minimind.text import _, ngettext
from studio.ui.appearance import Appearance
from studio.ui.widgets.key_cap import key_cap_size, paint_key_cap
from studio.ui.widgets.labels import Label
from studio.ui.widgets.painting import draw_box

WIDE, NARROW, MOVE_MS = 200, 56, 200


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """One place: key, icon, title (translated), shortcut for the tool tip."""

    key: str
    icon: str
    title: str
    keys: str = ""


class _RailButton(QAbstractButton):
    """A row of the rail: icon, text, and a count, a key cap or a chevron at the right."""

    def __init__(self, appearance: Appearance, icon: str, *, boxed: bool = False) -> None:
        super().__init__()
        self._appearance = appearance
        self._icon = icon
        self._boxed = boxed
        self.keys = ""
        self.count = 0
        self.chevron = False
        self.folded = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty("elide", True)

    def show_text(self, text: str, *, hint: str = "") -> None:
        self.setText(text)
        self.setAccessibleName(hint or text)
        self._update_tip(hint)
        self.update()

    def _update_tip(self, hint: str = "") -> None:
        fits = not self.folded and self._text_width() >= self._natural_width()
        self.setToolTip("  ".join(filter(None, [hint or ("" if fits else self.text()), self.keys])))

    def set_folded(self, folded: bool) -> None:
        self.folded = folded
        self._update_tip(self.accessibleName() if self.count else "")
        self.update()

    def sizeHint(self) -> QSize:
        height = max(32 if self._boxed else 34, self._appearance.line_height("body") + 10)
        return QSize(40, height)

    def _natural_width(self) -> int:
        return QFontMetrics(self._appearance.font("body")).horizontalAdvance(self.text())

    def _text_width(self) -> int:
        right = 10
        if self.keys and self._boxed:
            right += key_cap_size(self._appearance, self.keys).width()
        return self.width() - self._left() - right - (20 if self.count or self.chevron else 0)

    def _left(self) -> int:
        return 10 if not self._icon else 36 if not self._boxed else 34

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look, area = QPainter(self), self._appearance, QRectF(self.rect())
        ground = "selected" if self.isChecked() else "hover" if self.underMouse() or self.isDown() else None
        border = look.color("border_strong") if self._boxed else None
        fill = look.color(ground) if ground else look.color("surface") if self._boxed else None
        draw_box(painter, area, fill=fill, border=border)
        if self.hasFocus():
            draw_box(painter, area, border=look.color("accent"), width=2)
        token = "accent_text" if self.isChecked() else "text" if self._boxed else "text2"
        size = 16 if self._boxed else 18
        if self._icon:
            left = (self.width() - size) // 2 if self.folded else 10
            icon = look.pixmap(self._icon, token, size)
            painter.drawPixmap(left, (self.height() - size) // 2, icon)
        if self.folded:
            self._paint_folded(painter)
            return
        painter.setPen(look.color(token))
        painter.setFont(look.font("body", weight=500 if self.isChecked() else 400))
        width = self._text_width()
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(self._left(), 0, width, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        self._paint_right(painter)

    def _paint_folded(self, painter: QPainter) -> None:
        look = self._appearance
        if self.count:
            draw_box(painter, QRectF(self.width() - 13, 6, 7, 7), fill=look.color("accent"), radius=3.5)
        if not self._icon:
            painter.setPen(look.color("text2"))
            painter.setFont(look.font("body", weight=500))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text()[:1])

    def _paint_right(self, painter: QPainter) -> None:
        look = self._appearance
        if self.keys and self._boxed:
            size = key_cap_size(look, self.keys)
            box = QRectF(self.width() - 8 - size.width(), 0, size.width(), size.height())
            box.moveTop((self.height() - size.height()) / 2)
            paint_key_cap(look, painter, box, self.keys)
        if self.chevron:
            chevron = look.pixmap("chevron-down", "text2", 14)
            painter.drawPixmap(self.width() - 24, (self.height() - 14) // 2, chevron)
        if self.count:
            painter.setPen(look.color("accent_text" if self.isChecked() else "text2"))
            painter.setFont(look.font("small", tabular=True))
            area = self.rect().adjusted(0, 0, -12, 0)
            align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(area, align, str(self.count))


class _Brand(QWidget):
    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.folded = False
        self.setFixedHeight(36)
        self.setAccessibleName("MiniMind Studio")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._appearance
        left = (self.width() - 20) // 2 if self.folded else 8
        painter.drawPixmap(left, (self.height() - 20) // 2, look.pixmap("app", "accent", 20))
        if not self.folded:
            painter.setPen(look.color("text"))
            painter.setFont(look.font("card"))
            area = self.rect().adjusted(left + 30, 0, 0, 0)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, "MiniMind Studio")


class NavRail(QWidget):
    """Where a person is and can go.

    Signals:
        page_clicked: key of a place.
        new_run_clicked, help_clicked: those buttons.
        projects_opening: the menu of projects is about to open.
        project_chosen: folder of a project.
        project_created, project_renamed: the name a person gave to a new one, or to the current one.
    """

    page_clicked = Signal(str)
    new_run_clicked = Signal()
    help_clicked = Signal()
    project_chosen = Signal(str)
    project_created = Signal(str)
    project_renamed = Signal(str)
    projects_opening = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._appearance = appearance
        self._folded = False
        self._projects: list[tuple[str, str]] = []
        self._project = ""
        self._brand = _Brand(appearance)
        self.project_button = _RailButton(appearance, "", boxed=True)
        self.project_button.chevron = True
        self.project_button.clicked.connect(self.open_projects)
        self.new_run = _RailButton(appearance, "plus", boxed=True)
        self.new_run.keys = "Ctrl N"
        self.new_run.clicked.connect(self.new_run_clicked)
        self.help = _RailButton(appearance, "circle-question-mark")
        self.help.keys = "F1"
        self.help.clicked.connect(self.help_clicked)
        self._items: dict[str, _RailButton] = {}
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._places = QVBoxLayout()
        self._places.setSpacing(2)
        self._below = QVBoxLayout()
        self._below.setSpacing(2)
        self._move = QVariantAnimation(self)
        self._move.valueChanged.connect(lambda value: self.setFixedWidth(int(value)))
        self._lay_out()
        self.setFixedWidth(WIDE)
        appearance.changed.connect(self.update)

    def _lay_out(self) -> None:
        column = self._column
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(0)
        column.addWidget(self._brand)
        column.addSpacing(8)
        column.addWidget(self.project_button)
        column.addSpacing(12)
        column.addLayout(self._places)
        column.addSpacing(12)
        column.addWidget(self.new_run)
        column.addStretch(1)
        column.addWidget(self.help)
        column.addSpacing(2)
        column.addLayout(self._below)

    def set_items(self, places: Sequence[NavItem], below: Sequence[NavItem] = ()) -> None:
        """The places, and those at the bottom; the same keys keep their buttons."""
        for layout, items in ((self._places, places), (self._below, below)):
            for item in items:
                button = self._items.get(item.key)
                if button is None:
                    button = _RailButton(self._appearance, item.icon)
                    button.setCheckable(True)
                    button.folded = self._folded
                    button.clicked.connect(lambda _on=False, key=item.key: self.page_clicked.emit(key))
                    self._group.addButton(button)
                    self._items[item.key] = button
                    layout.addWidget(button)
                button.keys = item.keys
                button.show_text(item.title)

    def set_texts(self, new_run: str, help_text: str) -> None:
        """The two buttons' texts, translated."""
        self.new_run.show_text(new_run)
        self.help.show_text(help_text)

    def set_current(self, key: str) -> None:
        """Mark a place; an unknown key marks none."""
        self._group.setExclusive(False)
        for name, button in self._items.items():
            button.setChecked(name == key)
        self._group.setExclusive(True)

    def set_count(self, key: str, count: int) -> None:
        """A number beside a place, 0 for none."""
        button = self._items.get(key)
        if button is not None and button.count != count:
            button.count = count
            active = ngettext("{n} active", "{n} active", count).format(n=count)
            button.show_text(button.text(), hint=f"{button.text()}, {active}" if count else "")

    def set_projects(self, projects: Sequence[tuple[str, str]], current: str) -> None:
        """What the switcher offers: folder and name of each; the folder of the one in use."""
        self._projects, self._project = list(projects), current
        hint = _("{noun}: {fact}").format(noun=_("Project"), fact=self._project_name())
        self.project_button.show_text(self._project_name(), hint=hint)

    def _project_name(self) -> str:
        return dict(self._projects).get(self._project, self._project)

    def button(self, key: str) -> QAbstractButton:
        """The button of a place."""
        return self._items[key]

    @property
    def folded(self) -> bool:
        """True while only icons are shown."""
        return self._folded

    def set_folded(self, folded: bool, *, animate: bool = True) -> None:
        """Icons only, or with words."""
        if folded == self._folded:
            return
        self._folded = self._brand.folded = folded
        for button in (self.project_button, self.new_run, self.help, *self._items.values()):
            button.set_folded(folded)
        self._column.setContentsMargins(*((8, 8, 8, 12) if folded else (12, 8, 12, 12)))
        duration = self._appearance.milliseconds(MOVE_MS) if animate and self.isVisible() else 0
        target = NARROW if folded else WIDE
        self._move.stop()
        if not duration:
            self.setFixedWidth(target)
            return
        self._move.setDuration(duration)
        self._move.setStartValue(self.width())
        self._move.setEndValue(target)
        self._move.start()

    def open_projects(self) -> None:
        """The menu: choose a project, rename this one, make another."""
        self.projects_opening.emit()
        menu = QMenu(self)
        menu.setAccessibleName(_("Project"))
        for folder, name in self._projects:
            action = menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(folder == self._project)
            action.triggered.connect(lambda _on=False, folder=folder: self.project_chosen.emit(folder))
        menu.addSeparator()
        rename = _name_row(menu, _("Rename this project"), self._project_name(), self.project_renamed.emit)
        menu.addAction(rename)
        menu.addAction(_name_row(menu, _("New project"), "", self.project_created.emit))
        menu.setMinimumWidth(240)
        # shown without a loop of its own: what the window does meanwhile goes on
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.project_button.mapToGlobal(self.project_button.rect().bottomLeft()))


def _name_row(menu: QMenu, words: str, name: str, done: Callable[[str], None]) -> QWidgetAction:
    """A line of a menu in which a name is typed; Enter takes it."""
    row = QWidget()
    field = QLineEdit(name)
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    field.setToolTip(words)
    column = QVBoxLayout(row)
    column.setContentsMargins(6, 4, 6, 4)
    column.setSpacing(2)
    column.addWidget(Label(words, role="small", tone="2"))
    line = QHBoxLayout()
    line.addWidget(field)
    line.addWidget(Label("↵", tone="3"))
    column.addLayout(line)

    def accept() -> None:
        typed = field.text().strip()
        if typed:
            menu.close()
            done(typed)

    field.returnPressed.connect(accept)
    action = QWidgetAction(menu)
    action.setDefaultWidget(row)
    return action
