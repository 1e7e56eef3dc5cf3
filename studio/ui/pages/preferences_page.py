"""Preferences: anchors at the left, everything applied at once, no OK."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from minimind import __version__
from minimind.errors import BadInput
from minimind.hardware import device_list
from minimind.text import N_, _
from studio.paths import Paths
from studio.preferences import Preferences, PreferencesFile
from studio.services.desktop_service import DesktopService
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page
from studio.ui.preferences.menu_entry import MenuEntry
from studio.ui.shell.commands import listed
from studio.ui.shortcut_list import key_cap_row
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.options_form import OptionsForm
from studio.ui.widgets.page_header import PageHeader

FORM_WIDTH = 720


@dataclass(frozen=True, kw_only=True)
class Section:
    """One anchor: title (msgid) and the names of its preferences."""

    key: str
    title: str
    names: tuple[str, ...] = ()


SECTIONS = (
    Section(
        key="look",
        title=N_("Appearance"),
        names=("language", "theme", "text_size", "reduce_motion"),
    ),
    Section(
        key="training",
        title=N_("Training"),
        names=("device", "price_per_hour", "price_per_kwh", "keep_checkpoints", "chat_on_gpu"),
    ),
    Section(key="folders", title=N_("Data and downloads"), names=("disk_floor_gb",)),
    Section(key="messages", title=N_("Notifications"), names=("notify", "ask_on_close")),
    Section(key="keys", title=N_("Keyboard shortcuts")),
    Section(key="advanced", title=N_("Advanced")),
    Section(key="about", title=N_("About")),
)


def _devices() -> list[tuple[str, str]]:
    return [("auto", N_("automatic")), *((device.label, device.name) for device in device_list())]


class PreferencesPage(Page):
    """One card for each section; a form made from `Preferences` in those that have names."""

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        preferences: PreferencesFile,
        paths: Paths,
        desktop: DesktopService | None = None,
    ) -> None:
        """`desktop`: None where there is no applications menu to put the program into."""
        super().__init__(appearance)
        self._navigator = navigator
        self._preferences = preferences
        self._paths = paths
        self.header = PageHeader(appearance)
        self.forms: dict[str, OptionsForm] = {}
        self._cards: dict[str, Card] = {}
        self._titles: dict[str, Label] = {}
        self._anchors: dict[str, Button] = {}
        self.menu_entry = MenuEntry(appearance, navigator, desktop) if desktop is not None else None
        self.check = LinkButton(appearance, icon="cpu")
        self.check.clicked.connect(lambda: navigator.open("doctor"))
        self._folder_rows: list[tuple[Label, LinkButton]] = []
        self._key_labels: list[Label] = []
        self._about = Label(tone="2", wrap=True)
        self._licences = Label(role="small", tone="3", wrap=True)
        self._lay_out()
        self.retranslate()
        preferences.listen(self._on_preferences_changed)

    def opened(self, request: Mapping[str, object]) -> None:
        section = str(request.get("section", ""))
        if section in self._cards:
            self._go_to(section)

    def retranslate(self) -> None:
        self.header.set_title(_("Preferences"))
        self.header.set_meta(_("Everything applies at once."))
        for section in SECTIONS:
            self._titles[section.key].setText(_(section.title))
            self._anchors[section.key].setText(_(section.title))
        names = (_("Projects"), _("Program data"), _("Cache, may be deleted"))
        for (label, link), name in zip(self._folder_rows, names, strict=True):
            label.setText(name)
            link.setText(_("Open folder"))
        for label, (_keys, text) in zip(self._key_labels, listed(), strict=True):
            label.setText(_(text))
        self.check.setText(_("Check this computer"))
        if self.menu_entry is not None:
            self.menu_entry.retranslate()
        version = _("MiniMind Studio {version}: train a small language model of your own, at home.")
        self._about.setText(version.format(version=__version__))
        self._licences.setText(
            _("Type: Inter and JetBrains Mono (OFL-1.1). Icons: Lucide (ISC). Window: Qt (LGPL-3.0).")
        )

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        pad = self.padding
        self._column.setContentsMargins(pad, pad, pad, 0)

    # -- making --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        anchors = QVBoxLayout()
        anchors.setSpacing(2)
        group = QButtonGroup(self)
        cards = QWidget()
        cards.setObjectName("scrolled")
        cards.setMaximumWidth(FORM_WIDTH)
        stack = QVBoxLayout(cards)
        stack.setContentsMargins(0, 0, 12, 24)
        stack.setSpacing(12)
        for section in SECTIONS:
            anchor = Button(self.appearance, kind="ghost")
            anchor.setCheckable(True)
            anchor.clicked.connect(lambda _on=False, key=section.key: self._go_to(key))
            group.addButton(anchor)
            anchors.addWidget(anchor, 0, Qt.AlignmentFlag.AlignLeft)
            self._anchors[section.key] = anchor
            stack.addWidget(self._card(section))
        anchors.addStretch(1)
        stack.addStretch(1)
        self._anchors["look"].setChecked(True)
        holder = QWidget()
        holder.setObjectName("scrolled")
        centre = QHBoxLayout(holder)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addWidget(cards, 1)
        centre.addStretch(0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(holder)
        self._area.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addLayout(anchors)
        row.addWidget(self._area, 1)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(16)
        self._column.addWidget(self.header)
        self._column.addLayout(row, 1)
        self.set_compact(False)

    def _card(self, section: Section) -> Card:
        card = Card()
        self._titles[section.key] = card.add_title()
        self._cards[section.key] = card
        if section.names:
            devices = {"device": _devices()} if "device" in section.names else {}
            form = OptionsForm(self.appearance, Preferences, names=section.names, choices=devices)
            form.set_values(dataclasses.asdict(self._preferences.current))
            form.edited.connect(lambda name, form=form: self._on_edited(form, name))
            self.forms[section.key] = form
            card.body.addSpacing(4)
            card.body.addWidget(form)
        if section.key == "folders":
            self._add_folders(card)
        elif section.key == "advanced":
            self._add_advanced(card)
        elif section.key == "keys":
            self._add_keys(card)
        elif section.key == "about":
            card.body.addWidget(self._about)
            card.body.addWidget(self._licences)
        return card

    def _add_folders(self, card: Card) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        for row, folder in enumerate((self._paths.projects, self._paths.home, self._paths.cache)):
            name, link = Label(tone="2"), LinkButton(self.appearance)
            path = ElidedLabel(str(folder), role="mono", mode=Qt.TextElideMode.ElideMiddle)
            url = QUrl.fromLocalFile(str(folder))
            link.clicked.connect(lambda _on=False, url=url: QDesktopServices.openUrl(url))
            grid.addWidget(name, row, 0)
            grid.addWidget(path, row, 1)
            grid.addWidget(link, row, 2)
            self._folder_rows.append((name, link))
        card.body.addLayout(grid)

    def _add_advanced(self, card: Card) -> None:
        if self.menu_entry is not None:
            card.body.addSpacing(4)
            card.body.addWidget(self.menu_entry)
            card.body.addSpacing(8)
        card.body.addWidget(self.check, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_keys(self, card: Card) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        for row, (keys, _text) in enumerate(listed()):
            label = Label(tone="2")
            grid.addLayout(key_cap_row(self.appearance, keys), row, 0)
            grid.addWidget(label, row, 1)
            self._key_labels.append(label)
        card.body.addLayout(grid)

    # -- what happens --------------------------------------------------------------------------

    def _on_edited(self, form: OptionsForm, name: str) -> None:
        if name in form.problems():
            return
        default = getattr(Preferences(), name)
        try:
            self._preferences.change(**{name: form.values().get(name, default)})
        except BadInput as error:
            form.set_problems({name: str(error)})
        except OSError as error:
            reason = error.strerror or str(error)
            text = _("The preferences could not be saved: {reason}.").format(reason=reason)
            self._navigator.toast(text, tone="danger")

    def _on_preferences_changed(self, preferences: Preferences) -> None:
        for form in self.forms.values():
            form.set_values(dataclasses.asdict(preferences))

    def _go_to(self, key: str) -> None:
        card = self._cards[key]
        self._area.verticalScrollBar().setValue(card.y())
        self._anchors[key].setChecked(True)

    def _on_scrolled(self, position: int) -> None:
        at_end = position >= self._area.verticalScrollBar().maximum()
        above = [key for key, card in self._cards.items() if at_end or card.y() <= position + 24]
        if above:
            self._anchors[above[-1]].setChecked(True)
