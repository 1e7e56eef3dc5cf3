"""The first page: what can I do now; later what goes on, what wants to be looked at, what has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSpacerItem, QVBoxLayout, QWidget

from minimind.device import Device
from minimind.hardware import device_list
from minimind.recipes import RECIPES
from minimind.text import _
from studio.planning.first_model import RECIPE, StageTime, stage_times, whole_minutes
from studio.planning.situation import method_title
from studio.planning.what_fits import SHOWN, preset_parameters, what_fits
from studio.preferences import PreferencesFile
from studio.services.run_service import RunService
from studio.services.system_service import SystemService
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.doctor_words import to_act_on
from studio.ui.first_model import going_on
from studio.ui.home.computer_card import ComputerList
from studio.ui.home.computer_line import ComputerLine
from studio.ui.home.doors import Door
from studio.ui.home.first_start import FirstStart
from studio.ui.home.fits_list import FitsList
from studio.ui.home.later import LaterSections
from studio.ui.home.model_door import ModelDoor
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label

if TYPE_CHECKING:
    from minimind.doctor import Finding

WIDEST = 1120


class HomePage(Page):
    """Doors and the computer at the first start; runs once there are some.

    Signals:
        new_run_requested: the choices that a door or a row of the table stands for.
        export_requested: a run folder.
    """

    new_run_requested = Signal(dict)
    export_requested = Signal(str)

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        preferences: PreferencesFile,
        runs: RunService,
        system: SystemService,
        *,
        can_chat: bool = True,
    ) -> None:
        super().__init__(appearance)
        self._navigator = navigator
        self._preferences = preferences
        self._runs = runs
        self._system = system
        self._can_chat = can_chat
        self._findings: list[Finding] | None = system.findings()
        self._so_far: list[Finding] | None = None
        self._device: Device | None = None
        self._first_times: list[StageTime] = []
        self._asked_machine = False
        self._wants_doctor = False
        self._make_widgets(appearance)
        self._lay_out()
        self._connect()
        self.retranslate()

    # -- making --------------------------------------------------------------------------------

    def _make_widgets(self, appearance: Appearance) -> None:
        self.title = Label(role="display")
        self.verdict_icon = Label()
        self.verdict = Label(tone="2", wrap=True)
        self.mend = Button(appearance, icon="copy", size="small")
        self.first_door = Door(appearance, "sprout", first=True)
        self.own_door = Door(appearance, "layers")
        self.model_door = Door(appearance, "folder-input")
        self._opener = ModelDoor(appearance, self._navigator, self)
        self.setAcceptDrops(True)
        self.computer = ComputerList(appearance)
        self.fits = FitsList(appearance)
        doors = ((self.first_door, 13), (self.own_door, 10), (self.model_door, 10))
        self.start = FirstStart(doors, self.computer, self.fits)
        self.later = LaterSections(
            appearance,
            self._navigator,
            self._runs,
            export=self.export_requested.emit,
            can_chat=self._can_chat,
        )
        self.computer_line = ComputerLine(appearance)
        self.small_first = Button(appearance, icon="sprout")
        self.small_own = Button(appearance, icon="layers")
        self.small_model = Button(appearance, icon="folder-input")

    def _lay_out(self) -> None:
        verdict = QHBoxLayout()
        verdict.setSpacing(8)
        # a line of the role's height carries its letters low
        self.verdict_icon.setContentsMargins(0, 4, 0, 0)
        self.verdict_icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self.verdict_icon, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self.verdict, 1, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self.mend)
        self._small_doors = QWidget()
        small = QHBoxLayout(self._small_doors)
        small.setContentsMargins(0, 16, 0, 8)
        small.setSpacing(8)
        for button in (self.small_first, self.small_own, self.small_model):
            small.addWidget(button)
        small.addStretch(1)
        content = QWidget()
        content.setMaximumWidth(WIDEST)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addSpacing(4)
        column.addLayout(verdict)
        self._above_doors = QSpacerItem(0, 16)
        column.addItem(self._above_doors)
        column.addWidget(self.later, 100)
        column.addWidget(self._small_doors)
        column.addWidget(self.start, 100)
        column.addWidget(self.computer_line)
        column.addStretch(1)
        self._outer = QHBoxLayout(self)
        self._outer.addStretch(0)
        self._outer.addWidget(content, 1)
        self._outer.addStretch(0)
        self.set_compact(False)

    def _connect(self) -> None:
        self.first_door.opened.connect(self._navigator.first_model)
        self.small_first.clicked.connect(self._navigator.first_model)
        self.model_door.opened.connect(lambda: self._opener.open_menu(self.model_door.button))
        self.small_model.clicked.connect(lambda: self._opener.open_menu(self.small_model))
        self.computer_line.details_clicked.connect(self._on_details)
        self.own_door.opened.connect(lambda: self._request({}))
        self.small_own.clicked.connect(lambda: self._request({}))
        self.fits.preset_clicked.connect(self._on_preset)
        self.computer.recheck_clicked.connect(self._on_recheck)
        self.computer.copied.connect(self._navigator.toast)
        self.mend.clicked.connect(self._on_mend)
        self.new_run_requested.connect(self._navigator.new_run)
        self._system.doctor_changed.connect(self._on_doctor_changed)
        self._system.found_so_far.connect(self._on_found_so_far)
        self._runs.runs_changed.connect(self._show_runs)
        # the first reading tells of every run there ever was: they are shown once
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._on_run_changed)
        self._runs.run_changed.connect(lambda _run_id: self._look.start())

    # -- the page's contract -------------------------------------------------------------------

    def opened(self, request: Mapping[str, object]) -> None:
        self._wants_doctor = request.get("show") == "doctor"
        self._show_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._asked_machine:
            # NVML and the estimates take a tenth of a second: not before the first paint
            self._asked_machine = True
            QTimer.singleShot(0, self._look_at_machine)

    def _look_at_machine(self) -> None:
        self._device = device_list()[0]
        self._first_times = stage_times(self._device)
        self._show_all()

    def retranslate(self) -> None:
        if self._findings is not None:
            # judged again in the language in force
            self._findings = self._system.findings()
        self.computer.retranslate()
        self.fits.retranslate()
        self.own_door.set_texts(
            _("Train from nothing"),
            _("Choose size and data and follow a recipe through pretraining and tuning; or set every step."),
            _("{small} to {large}").format(
                small=fmt.count(preset_parameters(SHOWN[1])),
                large=fmt.parameters(max(preset_parameters(name) for name in SHOWN)),
            ),
            _("Choose a recipe"),
        )
        self.small_own.setText(_("Train from nothing"))
        self.model_door.set_texts(
            _("I have a model"),
            _("Open a Hugging Face folder, a MiniMind checkpoint or a GGUF file, to talk to or train on."),
            _("or drop it into this window"),
            _("Open a model…"),
        )
        self.small_model.setText(_("Open a model…"))
        self.mend.setText(_("Copy the command that mends it"))
        self._show_all()

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        pad = self.padding
        self._outer.setContentsMargins(pad, pad if compact else 32, pad, pad)
        self._above_doors.changeSize(0, 12 if compact else 24)
        for door in (self.first_door, self.own_door, self.model_door):
            door.set_compact(compact)
        self.computer.set_compact(compact)

    def primary_action(self) -> QAbstractButton | None:
        return self.small_first if self._runs.runs() else self.first_door.button

    # -- showing -------------------------------------------------------------------------------

    def _show_all(self) -> None:
        self._show_first_door()
        self._show_verdict()
        known = self._so_far if self._findings is None else self._findings
        self.computer.set_findings(known, more=self._findings is None)
        self.computer_line.set_findings(self._findings)
        if self._device is not None:
            prefer, card = self._preferences.current, self._device.kind == "cuda"
            found = what_fits(
                self._device, cny_per_hour=prefer.price_per_hour, cny_per_kwh=prefer.price_per_kwh
            )
            self.fits.set_fits(found, prefer.price_per_hour if card else 0.0)
        self._show_runs()

    def _show_first_door(self) -> None:
        start, facts = _("Start"), ""
        if self._first_times:
            start = _("Start, {time}").format(time=fmt.estimate(60 * self._first_minutes))
            minutes = _("{n} min")
            stages = [
                f"{method_title(stage.method)} {minutes.format(n=whole_minutes(stage.seconds))}"
                for stage in self._first_times
            ]
            facts = "  ›  ".join([*stages, _("start to talk")])
        size = fmt.parameters(preset_parameters(RECIPES[RECIPE].model))
        summary = _(
            "Nothing to prepare: a small model of {size} learns from the sample that comes with the"
            " program, from nothing; then you talk to it."
        )
        reason = next(
            (f.fact for f in self._findings or [] if f.code == "disk_low" and f.severity == "error"), ""
        )
        title, text = _("Train my first model"), summary.format(size=size)
        self.first_door.set_texts(title, text, reason or facts, start)
        self.first_door.set_closed(reason)
        self.small_first.setEnabled(not reason)
        self.small_first.set_hint(reason)

    @property
    def _first_minutes(self) -> int:
        # as the stages above the button say it: the sum that a person reads is right
        return sum(whole_minutes(stage.seconds) for stage in self._first_times)

    def _show_verdict(self) -> None:
        tone, icon, token = "2", "circle-check", "success"
        urgent = self._urgent()
        if self._findings is None:
            icon, token, text = "loader", "text3", _("Checking…")
        elif urgent is not None:
            tone, icon, token = "warning", "triangle-alert", "warning"
            text = urgent.fact
            if urgent.consequence:
                text = _("{one} {two}").format(one=urgent.fact, two=urgent.consequence)
        elif any(finding.code == "no_card" for finding in self._findings):
            text = _("No NVIDIA card: the processor trains.")
            if self._first_times:
                time = fmt.estimate(60 * self._first_minutes)
                first = _("The first model takes {time}.").format(time=time)
                text = _("{one} {two}").format(one=text, two=first)
        else:
            text = _("This computer can train. Data and models stay on it; no network needed.")
        self.verdict.setText(text)
        self.verdict.set_tone(tone)
        self.verdict_icon.setPixmap(self.appearance.pixmap(icon, token, 16))
        self.mend.setVisible(urgent is not None and bool(urgent.command))

    def _urgent(self) -> Finding | None:
        """What keeps the card or all of training from working."""
        usable = ("disk_low", "ram_low", "no_font")
        for finding in to_act_on(self._findings or []):
            if finding.severity == "error" or finding.code not in usable:
                return finding
        return None

    def _show_runs(self) -> None:
        runs = [run for run in self._runs.runs() if not run.archived]
        later = bool(runs)
        self.title.setText(_("Home") if later else _("Train a language model of your own, from nothing"))
        focus = self.window().focusWidget()
        if later and focus is not None and self.start.doors.isAncestorOf(focus):
            # else Qt hands the keyboard to the rail when the doors go
            self.setFocus()
        for widget in (self.verdict, self.verdict_icon):
            widget.setVisible(not later or self._urgent() is not None)
        self.start.show_parts(doors=not later, facts=not later or self._wants_doctor)
        for shown in (self._small_doors, self.later, self.computer_line):
            shown.setVisible(later)
        self.computer_line.set_open(self._wants_doctor)
        going = going_on(self._runs)
        training = _("Open the first model in training")
        self.small_first.setText(training if going else _("Train my first model"))
        if later:
            self.later.show_runs(runs, self._findings or [])

    # -- keys and drops ------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        first = self.primary_action()
        if event.key() in arrows and self.hasFocus() and first is not None:
            # from there Qt's own arrows go on from button to button
            first.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.model_door.set_look("accent")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.model_door.set_look("true")

    def dropEvent(self, event: QDropEvent) -> None:
        self.model_door.set_look("true")
        self._opener.take([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    # -- what happens --------------------------------------------------------------------------

    def _on_run_changed(self) -> None:
        if self.isVisible():
            self._show_runs()

    def _on_doctor_changed(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._show_all()

    def _on_found_so_far(self, findings: list[Finding]) -> None:
        self._so_far = findings
        if self._findings is None:
            self._show_all()

    def _on_recheck(self) -> None:
        self._findings = self._so_far = None
        self._show_all()
        self._system.recheck()

    def _on_mend(self) -> None:
        urgent = self._urgent()
        if urgent is not None and urgent.command:
            self.computer.copy_command(urgent.command)

    def _on_details(self) -> None:
        self._wants_doctor = not self._wants_doctor
        self._show_all()

    def _on_preset(self, name: str) -> None:
        self._request({"method": "pretrain", "preset": name})

    def _request(self, choices: dict[str, object]) -> None:
        self.new_run_requested.emit(choices)
