"""The wizard's page: steps at the left, the run preview at the right, one plan in the middle."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from minimind.device import Device
from minimind.files import free_bytes
from minimind.hardware import device_list
from minimind.methods import METHODS, Needs, StartsFrom
from minimind.run_state import RunState
from minimind.text import _, language, ngettext
from studio.paths import Paths
from studio.planning.choices import Choices, Drafts
from studio.planning.route import ROUTE, Mark, Step, after, before, mark
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation, start_points, usable_devices
from studio.preferences import PreferencesFile
from studio.services.run_service import RunService
from studio.services.system_service import SystemService
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page, ShortcutHint
from studio.ui.widgets import stepper
from studio.ui.widgets.banner import Banner
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.key_cap import KeyCap
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.segmented import SegmentedControl
from studio.ui.widgets.stepper import Stepper
from studio.ui.wizard.data_checks import DataChecks
from studio.ui.wizard.data_step import DataStep
from studio.ui.wizard.model_step import ModelStep
from studio.ui.wizard.review_step import ReviewStep
from studio.ui.wizard.run_preview import RunPreview
from studio.ui.wizard.settings_step import SettingsStep
from studio.ui.wizard.step_view import StepView
from studio.ui.wizard.what_step import WhatStep

SIMPLE, ALL = "simple", "all"
DRAFT_MS = 500
_ACTIVE = {RunState.QUEUED, RunState.STARTING, RunState.RUNNING, RunState.PAUSED, RunState.STOPPING}


class WizardPage(Page):
    """From a wish to a run that will work. Leaving keeps the plan, as a draft in the project.

    Signals:
        started(run_id): the run has its folder and starts, or waits in the queue.
        discarded(): the person threw the plan away.
    """

    started = Signal(str)
    discarded = Signal()

    def __init__(
        self,
        appearance: Appearance,
        preferences: PreferencesFile,
        runs: RunService,
        system: SystemService,
        paths: Paths,
        *,
        navigator: Navigator | None = None,
        devices: Callable[[], Sequence[Device]] = device_list,
        checks: DataChecks | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, parent)
        self._preferences, self._runs, self._system, self._paths = preferences, runs, system, paths
        self._navigator, self._devices = navigator, devices
        self._checks = checks or DataChecks(parent=self)
        self.plan = RunPlan()
        self.step = Step.WHAT
        self._begun = Choices()
        self._seen: set[Step] = set()
        self._draft_id: str | None = None
        self._language = language()
        self._draft_timer = QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(DRAFT_MS)
        self._draft_timer.timeout.connect(self._save_draft)
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._bind_keys()
        self.retranslate()

    # -- building --------------------------------------------------------------------------------------

    def _make_widgets(self) -> None:
        look = self.appearance
        self.title = ElidedLabel(role="title")
        self._show_label = Label(tone="2")
        self.hidden_changes = ElidedLabel(role="small", tone="3")
        self.detail = SegmentedControl(look, [(SIMPLE, ""), (ALL, "")])
        self.discard = Button(look, kind="ghost", icon="x")
        self.banner = Banner(look)
        self.stepper = Stepper(look)
        # its buttons now: what is made later comes later in the order of Tab
        self.stepper.set_steps([stepper.Step(key=step, title="") for step in ROUTE], Step.WHAT)
        self.data = DataStep(look)
        self.settings = SettingsStep(look)
        self.steps: dict[Step, StepView] = {
            Step.WHAT: WhatStep(look),
            Step.MODEL: ModelStep(look),
            Step.DATA: self.data,
            Step.SETTINGS: self.settings,
            Step.REVIEW: ReviewStep(look),
        }
        self.preview = RunPreview(look)
        self.back = Button(look, icon="chevron-left")
        self.next = Button(look, icon="chevron-right")
        self.next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._keys = (KeyCap(look, "Ctrl"), KeyCap(look, "Enter"))
        self._keys_label = Label(role="small", tone="2")

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(10)
        header.addWidget(self.title, 1)
        header.addWidget(self.hidden_changes)
        header.addWidget(self._show_label)
        header.addWidget(self.detail)
        header.addWidget(self.discard)
        self._stepper_card = Card()
        self._stepper_card.body.addWidget(self.stepper)
        self._stack = QStackedWidget()
        for view in self.steps.values():
            self._stack.addWidget(view)
        self._middle = QHBoxLayout()
        self._middle.setSpacing(16)
        self._middle.addWidget(self._stack, 1)
        self._middle.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        footer = QHBoxLayout()
        footer.setSpacing(8)
        footer.addWidget(self.back)
        footer.addWidget(self.next)
        footer.addStretch(1)
        for cap in self._keys:
            footer.addWidget(cap)
        footer.addWidget(self._keys_label)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(12)
        self._column.addLayout(header)
        self._column.addWidget(self.banner)
        self._column.addWidget(self._stepper_card)
        self._column.addLayout(self._middle, 1)
        self._column.addLayout(footer)
        self.set_compact(False)

    def _connect(self) -> None:
        for view in self.steps.values():
            view.edited.connect(self._on_edited)
            view.step_requested.connect(self.go_to)
        self.data.stop_pressed.connect(lambda path: self._checks.stop(path, self.data.needs))
        self.data.again_pressed.connect(self._on_again)
        self._checks.changed.connect(lambda _path: self._show())
        self.detail.selected.connect(self._on_detail)
        self.discard.clicked.connect(self._on_discard)
        self.stepper.step_clicked.connect(lambda key: self.go_to(Step(key)))
        self.back.clicked.connect(lambda: self._move(before))
        self.next.clicked.connect(lambda: self._move(after))
        self.preview.pressed.connect(self._on_pressed)
        self.preview.copy_pressed.connect(self._on_copy)
        self._runs.runs_changed.connect(self._on_runs_changed)
        self._runs.run_changed.connect(self._on_runs_changed)
        self._system.doctor_changed.connect(self._on_runs_changed)
        self._preferences.listen(lambda _preferences: self._on_runs_changed())

    def _bind_keys(self) -> None:
        for keys, call in (
            ("Alt+Left", lambda: self._move(before)),
            ("Alt+Right", lambda: self._move(after)),
            ("Ctrl+E", self._toggle_detail),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)

    # -- the page --------------------------------------------------------------------------------------

    def opened(self, request: Mapping[str, object]) -> None:
        if request or not self._begun_by_person:
            self.begin(dict(request))
        else:
            self._situate()
            self._show()

    @property
    def _begun_by_person(self) -> bool:
        """There is a plan that somebody worked on."""
        return self.plan.choices != Choices() and self.plan.choices != self._begun

    def left(self) -> None:
        self._save_draft()

    def begin(self, prefill: Mapping[str, object]) -> None:
        """Start a plan.

        Args:
            prefill: fields of Choices as plain values (`{"preset": "mini", "data": ["/a.jsonl"], "method":
                "pretrain"}`, `{"checkpoint": run_id, "method": "sft"}`), or `{"draft": id}`. Empty: the plan
                that was left last, if there is one, else a new one.
        """
        self._save_draft()
        self._draft_id = None
        self._seen = set()
        self.banner.clear()
        self._situate()
        drafts = self._drafts()
        wanted = prefill.get("draft")
        draft = drafts.get(str(wanted)) if wanted else None
        if not prefill and draft is None:
            draft = next(iter(drafts.all()), None)
            if draft is not None:
                self._offer_fresh(draft.changed)
        if draft is not None:
            self._draft_id = draft.draft_id
            self._begin_with(draft.choices, as_begun=draft.choices)
        else:
            self._begin_with(self._filled(prefill), first_step=None if prefill else Step.WHAT)

    def _begin_with(
        self, choices: Choices, *, as_begun: Choices | None = None, first_step: Step | None = None
    ) -> None:
        """Show a plan; without `first_step` at the first thing that is missing, else at the review."""
        self._begun = as_begun if as_begun is not None else choices
        self._seen = set()
        self._change(choices)
        obstacles = [p for p in self.plan.problems() if p.severity.forbids and p.code != "reading"]
        step = first_step or (obstacles[0].step if obstacles else Step.REVIEW)
        self._seen.update(ROUTE[: ROUTE.index(step)])
        self.step = step
        self.go_to(step, obstacles[0].field if obstacles and obstacles[0].step is step else "")

    def _filled(self, prefill: Mapping[str, object]) -> Choices:
        """What is given, and for the rest what suits this computer."""
        preferences = self._preferences.current
        choices = Choices.from_dict({"device": preferences.device, **prefill})
        if choices.method is None:
            choices = choices.with_changes(method="sft" if choices.checkpoint else "pretrain")
        if choices.preset is None and choices.checkpoint is None:
            points = self.plan.situation.start_points
            method = METHODS.get(choices.method or "")
            tuned = method is not None and method.starts_from is StartsFrom.CHECKPOINT
            if tuned and points:
                choices = choices.with_changes(checkpoint=next(iter(points)))
            else:
                choices = choices.with_changes(preset=self.plan.situation.preset)
        kept = max(2, preferences.keep_checkpoints)
        if kept != 2 and "keep_checkpoints" not in choices.settings:
            choices = choices.with_setting("keep_checkpoints", kept, 2)
        return choices

    def _offer_fresh(self, changed: float) -> None:
        sentence = _("This is the plan that you left: {time}.").format(time=fmt.when(changed))
        self.banner.show_message(sentence, actions=[(_("New plan"), self._on_fresh)])

    def _on_fresh(self) -> None:
        # the old plan stays a draft
        self._save_draft()
        self._draft_id = None
        self.banner.clear()
        self._begin_with(self._filled({}), first_step=Step.WHAT)

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        pad = self.padding
        self._column.setContentsMargins(pad, 10 if compact else 18, pad, 10 if compact else 18)
        self._column.setSpacing(8 if compact else 12)
        self._stepper_card.body.setContentsMargins(*((8, 2, 8, 2) if compact else (14, 6, 14, 6)))
        self.preview.set_compact(compact)
        self._middle.setSpacing(12 if compact else 16)

    def primary_action(self) -> QAbstractButton:
        return self.preview.start

    def shortcuts(self) -> list[ShortcutHint]:
        return [
            ShortcutHint(keys="Alt ← →", text=_("Step back or on")),
            ShortcutHint(keys="Ctrl Enter", text=_("Start training")),
            ShortcutHint(keys="Ctrl E", text=_("All settings")),
        ]

    def retranslate(self) -> None:
        self.title.setText(_("New run"))
        self._show_label.setText(_("Show"))
        self.detail.set_segments([(SIMPLE, _("Simple")), (ALL, _("All settings"))])
        self.detail.setAccessibleName(_("How much to show"))
        self.detail.setToolTip(_("All settings") + "  Ctrl+E")
        self.discard.setText(_("Discard"))
        self.discard.set_hint(_("Throw this plan away"))
        self.back.setText(_("Back"))
        self.back.set_hint(_("The step before"), "Alt+←")
        self.next.setText(_("Next"))
        self.next.set_hint(_("The next step"), "Alt+→")
        self.preview.set_compact(self.compact)
        if self._language != language():
            # sentences about whole files were made when the file was read
            self._language = language()
            for path, check in self.plan.files.items():
                if check.fault:
                    self._checks.again(path, check.needs)
            self._change(self.plan.choices)
        else:
            self._show()

    # -- the plan --------------------------------------------------------------------------------------

    def _on_edited(self, choices: Choices) -> None:
        self._change(choices)
        self._draft_timer.start()

    def _change(self, choices: Choices) -> None:
        self.plan = dataclasses.replace(self.plan, choices=choices)
        self._checks.want(self._paths_of(choices), self._needs(choices))
        self._show()

    def _needs(self, choices: Choices) -> Needs:
        method = METHODS.get(choices.method or "")
        return method.needs if method else Needs.TEXT

    @staticmethod
    def _paths_of(choices: Choices) -> list[str]:
        held = [choices.val_data] if choices.val_data else []
        return [file.path for file in choices.data] + held

    def _show(self) -> None:
        """Make the plan anew from what is known now, and show it everywhere."""
        needs, paths = self._needs(self.plan.choices), self._paths_of(self.plan.choices)
        files = {path: check for path in paths if (check := self._checks.known(path, needs)) is not None}
        self.plan = RunPlan(
            choices=self.plan.choices,
            situation=self.plan.situation,
            files=files,
            unreadable=self.settings.faults,
        )
        for view in self.steps.values():
            # the others are shown when they are opened; what they need for that is the plan
            view.plan = self.plan
        self.steps[self.step].show_plan(self.plan)
        self._show_steps()
        self.preview.show_plan(self.plan)
        hidden = 0 if self.detail.current() == ALL else self.plan.hidden_changes()
        text = ngettext("{n} more change is not shown", "{n} more changes are not shown", hidden)
        self.hidden_changes.setText(text.format(n=hidden) if hidden else "")
        self._keys_label.setText(self.preview.start.text())

    def _show_steps(self) -> None:
        titles = {
            Step.WHAT: _("What"),
            Step.MODEL: _("Model"),
            Step.DATA: _("Data"),
            Step.SETTINGS: _("Settings"),
            Step.REVIEW: _("Review"),
        }
        status = {Mark.OPEN: "todo", Mark.DONE: "done", Mark.PROBLEM: "problem"}
        shown = []
        for step in ROUTE:
            found = mark(step, self.plan.problems(), self._seen, self.step)
            value = self.steps[step].summary() if step in self._seen or step is self.step else ""
            shown.append(stepper.Step(key=step, title=titles[step], value=value, status=status[found]))
        self.stepper.set_steps(shown, self.step)

    def _situate(self) -> None:
        """Look at the computer and the runs again."""
        codes = [finding.code for finding in self._system.findings() or []]
        runs_folder = self._paths.projects / self._runs.project / "runs"
        free: int | None = None
        with suppress(OSError):
            free = free_bytes(runs_folder)
        runs = self._runs.runs()
        situation = Situation(
            devices=usable_devices(self._devices(), codes),
            start_points=start_points(runs),
            runs_folder=runs_folder,
            disk_free_bytes=free,
            cny_per_hour=self._preferences.current.price_per_hour,
            cny_per_kwh=self._preferences.current.price_per_kwh,
            busy=any(run.state in _ACTIVE for run in runs),
        )
        self.plan = dataclasses.replace(self.plan, situation=situation)

    def _on_runs_changed(self, *_args: object) -> None:
        before = self._signature()
        if self.isVisible() and before != self._last_signature:
            self._last_signature = before
            self._situate()
            self._show()

    _last_signature: object = None

    def _signature(self) -> object:
        """What of the outside matters here: a step more of a run under way does not."""
        codes = tuple(finding.code for finding in self._system.findings() or [])
        states = tuple((run.run_id, run.state, run.name) for run in self._runs.runs())
        return codes, states, self._preferences.current, self._runs.project

    # -- going about -----------------------------------------------------------------------------------

    def go_to(self, step: Step, field: str = "") -> None:
        """Show a step and put the keyboard on a field of it."""
        self._seen.add(self.step)
        self._seen.add(step)
        self.step = step
        if step is Step.SETTINGS and self.settings.is_advanced(field):
            self._set_detail(ALL)
        if step is Step.REVIEW:
            # it shows all the others
            self._seen.update(ROUTE)
            self._situate()
        self._stack.setCurrentWidget(self.steps[step])
        self._show()
        self.back.setVisible(before(step) is not None)
        self.next.setVisible(after(step) is not None)
        if step is Step.REVIEW and not field:
            self.preview.start.setFocus()
        else:
            self.steps[step].focus_field(field)

    def _move(self, way: Callable[[Step], Step | None]) -> None:
        step = way(self.step)
        if step is not None:
            self.go_to(step)

    def _toggle_detail(self) -> None:
        self._set_detail(SIMPLE if self.detail.current() == ALL else ALL)

    def _set_detail(self, which: str) -> None:
        self.detail.select(which)
        self._on_detail(which)

    def _on_detail(self, which: str) -> None:
        for view in self.steps.values():
            view.set_show_all(which == ALL)
        self._show()

    def _on_again(self, path: str) -> None:
        self._checks.again(path, self.data.needs)
        self._show()

    # -- the end ---------------------------------------------------------------------------------------

    def _on_pressed(self) -> None:
        self._situate()
        self._show()
        obstacle = self.plan.first_obstacle
        if obstacle is not None:
            self.go_to(obstacle.step, obstacle.field)
            return
        self._draft_timer.stop()
        name = self.plan.choices.name or self.plan.default_name()
        run_id = self._runs.start(self.plan.to_job(self.plan.new_run_id()), name=name)
        self._forget()
        self.started.emit(run_id)
        if self._navigator is not None:
            self._navigator.open_run(run_id)

    def _on_copy(self) -> None:
        folder = self.plan.situation.runs_folder / self.plan.new_run_id()
        QGuiApplication.clipboard().setText(self.plan.command_line(str(folder)))
        if self._navigator is not None:
            self._navigator.toast(_("The command is in the clipboard."))

    def _on_discard(self) -> None:
        choices = self.plan.choices
        self._draft_timer.stop()
        self._forget()
        self.discarded.emit()
        if self._navigator is not None:
            self._navigator.open("home")
            self._navigator.toast(
                _("Plan discarded."),
                action_text=_("Undo"),
                action=lambda: self._restore(choices),
            )

    def _restore(self, choices: Choices) -> None:
        self._begin_with(choices, as_begun=Choices())
        self._save_draft()
        if self._navigator is not None:
            self._navigator.open("wizard")

    def _forget(self) -> None:
        """No plan any more: it was started or discarded."""
        if self._draft_id is not None:
            self._drafts().remove(self._draft_id)
            self._draft_id = None
        self._begun = Choices()
        self._seen = set()
        self.plan = dataclasses.replace(self.plan, choices=Choices())
        self._checks.want([], Needs.TEXT)

    def _drafts(self) -> Drafts:
        return Drafts(self._paths.projects / self._runs.project / "drafts")

    def _save_draft(self) -> None:
        self._draft_timer.stop()
        if not self._begun_by_person:
            return
        try:
            self._draft_id = self._drafts().save(self.plan.choices, self._draft_id)
        except OSError as error:
            reason = error.strerror or str(error)
            sentence = _("This plan could not be kept as a draft: {reason}.").format(reason=reason)
            self.banner.show_message(sentence, tone="warning")
