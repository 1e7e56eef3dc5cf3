"""The wizard's page: steps at the left, the run preview at the right, one plan in the middle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from minimind.device import Device
from minimind.hardware import device_list
from minimind.text import _, language
from studio.paths import Paths
from studio.planning.choices import Choices
from studio.planning.fitting import changes_between, fitting
from studio.planning.route import ROUTE, Mark, Step, after, before, mark
from studio.planning.run_plan import RunPlan
from studio.preferences import PreferencesFile
from studio.services.measure_service import MeasureService
from studio.services.run_service import RunService
from studio.services.system_service import SystemService
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page, ShortcutHint
from studio.ui.widgets import stepper
from studio.ui.widgets.banner import Banner
from studio.ui.widgets.card import Card
from studio.ui.widgets.stepper import Stepper
from studio.ui.wizard.bars import ALL, SIMPLE, FooterBar, HeaderBar
from studio.ui.wizard.data_checks import DataChecks
from studio.ui.wizard.data_step import DataStep
from studio.ui.wizard.draft_keeper import DraftKeeper
from studio.ui.wizard.model_step import ModelStep
from studio.ui.wizard.planner import Planner
from studio.ui.wizard.review_step import ReviewStep
from studio.ui.wizard.run_preview import RunPreview
from studio.ui.wizard.settings_step import SettingsStep
from studio.ui.wizard.step_view import StepView
from studio.ui.wizard.template_keeper import TemplateKeeper
from studio.ui.wizard.what_step import WhatStep

_STATUS = {Mark.OPEN: "todo", Mark.DONE: "done", Mark.PROBLEM: "problem"}


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
        measures: MeasureService | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            appearance, preferences, runs, system, paths, navigator: as for every page.
            devices: what there is to compute with; tests put others in.
            checks: the background reading of data files.
            measures: what makes steps to measure the speed.
            parent: as in Qt.
        """
        super().__init__(appearance, parent)
        self._runs, self._navigator = runs, navigator
        self.planner = Planner(
            preferences,
            runs,
            system,
            paths,
            devices=devices,
            checks=checks or DataChecks(parent=self),
            measures=measures or MeasureService(paths.cache / "measure", parent=self),
            parent=self,
        )
        self.step = Step.WHAT
        self._seen: set[Step] = set()
        self._language = language()
        self._keeper = DraftKeeper(lambda: self.planner.drafts, lambda: self.plan.choices, self)
        self.templates = TemplateKeeper(lambda: self.planner.templates, navigator, self)
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._bind_keys()
        self.retranslate()

    # -- building --------------------------------------------------------------------------------------

    def _make_widgets(self) -> None:
        # in the order of Tab: what is made later comes later
        appearance = self.appearance
        self.header = HeaderBar(appearance)
        self.banner = Banner(appearance)
        self.stepper = Stepper(appearance)
        self.stepper.set_steps([stepper.Step(key=step, title="") for step in ROUTE], Step.WHAT)
        self.what = WhatStep(appearance)
        self.data = DataStep(appearance, background=self._runs.in_background)
        self.settings = SettingsStep(appearance)
        self.steps: dict[Step, StepView] = {
            Step.WHAT: self.what,
            Step.MODEL: ModelStep(appearance),
            Step.DATA: self.data,
            Step.SETTINGS: self.settings,
            Step.REVIEW: ReviewStep(appearance),
        }
        self.preview = RunPreview(appearance)
        self.footer = FooterBar(appearance)

    def _lay_out(self) -> None:
        self._stepper_card = Card()
        self._stepper_card.body.addWidget(self.stepper)
        self._stack = QStackedWidget()
        for view in self.steps.values():
            self._stack.addWidget(view)
        self._middle = QHBoxLayout()
        self._middle.addWidget(self._stack, 1)
        self._middle.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.header)
        self._column.addWidget(self.banner)
        self._column.addWidget(self._stepper_card)
        self._column.addLayout(self._middle, 1)
        self._column.addWidget(self.footer)
        self.set_compact(False)

    def _connect(self) -> None:
        for view in self.steps.values():
            view.edited.connect(self._on_edited)
            view.step_requested.connect(self.go_to)
        self.data.stop_pressed.connect(self.planner.stop_reading)
        self.data.again_pressed.connect(self.planner.read_again)
        self.planner.changed.connect(self._show)
        self.planner.outside_changed.connect(self._on_outside_changed)
        self.header.detail.selected.connect(self._set_detail)
        self.header.discard.clicked.connect(self._on_discard)
        self.stepper.step_clicked.connect(lambda key: self.go_to(Step(key)))
        self.footer.back_pressed.connect(lambda: self._move(before))
        self.footer.next_pressed.connect(lambda: self._move(after))
        self.preview.pressed.connect(self._on_pressed)
        self.preview.copy_pressed.connect(self._on_copy)
        self.preview.measure_pressed.connect(self.planner.measure)
        self.preview.fit_pressed.connect(self._on_fit)
        self.preview.template_pressed.connect(self._on_template)
        self.what.template_removed.connect(self.templates.remove)
        self.templates.changed.connect(lambda: self.what.show_templates(self.templates.all()))
        for failed in (self._keeper.failed, self.templates.failed, self.planner.measures.failed):
            failed.connect(lambda sentence: self.banner.show_message(sentence, tone="warning"))

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
        if request or not self._keeper.is_touched:
            self.begin(dict(request))
        else:
            self.planner.situate()
            self.what.show_templates(self.templates.all())
            self._show()

    def left(self) -> None:
        self._keeper.save()

    def begin(self, prefill: Mapping[str, object]) -> None:
        """Start a plan.

        Args:
            prefill: fields of Choices as plain values (`{"preset": "mini", "data": ["/a.jsonl"], "method":
                "pretrain"}`, `{"checkpoint": run_id, "method": "sft"}`), or `{"draft": id}`. Empty: the plan
                that was left last, if there is one, else a new one.
        """
        self._keeper.save()
        self.banner.clear()
        self.planner.situate()
        drafts = self.planner.drafts
        draft = drafts.get(str(prefill["draft"])) if prefill.get("draft") else None
        if not prefill:
            draft = next(iter(drafts.all()), None)
            if draft is not None:
                sentence = _("This is the plan that you left: {time}.").format(time=fmt.when(draft.changed))
                self.banner.show_message(sentence, actions=[(_("New plan"), self._on_fresh)])
        choices = draft.choices if draft else self.planner.first(prefill)
        self._keeper.begin(choices, draft)
        self._show_from(choices, None if prefill or draft else Step.WHAT)

    def _on_fresh(self) -> None:
        # the old plan stays a draft
        self._keeper.save()
        self.banner.clear()
        choices = self.planner.first({})
        self._keeper.begin(choices)
        self._show_from(choices, Step.WHAT)

    def _show_from(self, choices: Choices, first: Step | None) -> None:
        """Show a plan from its start; without `first` at what is missing first, else at the review."""
        self.what.show_templates(self.templates.all())
        self._change(choices)
        obstacles = [p for p in self.plan.problems() if p.severity.forbids and p.code != "reading"]
        step = first or (obstacles[0].step if obstacles else Step.REVIEW)
        self._seen = set(ROUTE[: ROUTE.index(step)])
        self.step = step
        self.go_to(step, obstacles[0].field if obstacles and obstacles[0].step is step else "")

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        pad, above = self.padding, 10 if compact else 18
        self._column.setContentsMargins(pad, above, pad, above)
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
        self.header.retranslate()
        self.footer.retranslate()
        self.preview.set_compact(self.compact)
        if self._language == language():
            self._show()
            return
        # sentences about whole files were made when the file was read
        self._language = language()
        self.planner.read_broken_again()
        self._change(self.plan.choices)

    # -- the plan --------------------------------------------------------------------------------------

    @property
    def plan(self) -> RunPlan:
        """As it is now."""
        return self.planner.plan

    def _on_edited(self, choices: Choices) -> None:
        self._change(choices)
        self._keeper.changed()

    def _change(self, choices: Choices) -> None:
        self.planner.choose(choices)
        self._show()

    def _show(self) -> None:
        """Make the plan anew from what is known now, and show it everywhere."""
        self.planner.remake(self.settings.faults)
        for view in self.steps.values():
            # the others are shown when they are opened; for their summary they need the plan
            view.plan = self.plan
        self.steps[self.step].show_plan(self.plan)
        self._show_steps()
        self.preview.show_plan(self.plan, progress=self.planner.measures.progress)
        self.header.set_hidden(0 if self.header.detail.current() == ALL else self.plan.hidden_changes())
        self.footer.start_label.setText(self.preview.start.text())

    def _show_steps(self) -> None:
        titles = {
            Step.WHAT: _("What"),
            Step.MODEL: _("Model"),
            Step.DATA: _("Data"),
            Step.SETTINGS: _("Settings"),
            Step.REVIEW: _("Review"),
        }
        shown = []
        for step in ROUTE:
            status = _STATUS[mark(step, self.plan.problems(), self._seen, self.step)]
            value = self.steps[step].summary() if step in self._seen or step is self.step else ""
            shown.append(stepper.Step(key=step, title=titles[step], value=value, status=status))
        self.stepper.set_steps(shown, self.step)

    def _on_outside_changed(self) -> None:
        if self.isVisible():
            self.planner.situate()
            self._show()

    # -- going about -----------------------------------------------------------------------------------

    def go_to(self, step: Step, field: str = "") -> None:
        """Show a step and put the keyboard on a field of it."""
        self._seen |= {self.step, step}
        self.step = step
        if step is Step.SETTINGS and self.settings.is_advanced(field):
            self._set_detail(ALL)
        if step is Step.REVIEW:
            # it shows all the others
            self._seen.update(ROUTE)
        if step in (Step.DATA, Step.REVIEW):
            self.planner.situate()
        self._stack.setCurrentWidget(self.steps[step])
        self._show()
        self.footer.back.setVisible(before(step) is not None)
        self.footer.next.setVisible(after(step) is not None)
        if step is Step.REVIEW and not field:
            self.preview.start.setFocus()
        else:
            self.steps[step].focus_field(field)

    def _move(self, way: Callable[[Step], Step | None]) -> None:
        step = way(self.step)
        if step is not None:
            self.go_to(step)

    def _toggle_detail(self) -> None:
        self._set_detail(SIMPLE if self.header.detail.current() == ALL else ALL)

    def _set_detail(self, which: str) -> None:
        self.header.detail.select(which)
        for view in self.steps.values():
            view.set_show_all(which == ALL)
        self._show()

    # -- the end ---------------------------------------------------------------------------------------

    def _on_pressed(self) -> None:
        self.planner.situate()
        self._show()
        obstacle = self.plan.first_obstacle
        if obstacle is not None:
            self.go_to(obstacle.step, obstacle.field)
            return
        name = self.plan.choices.name or self.plan.default_name()
        self.planner.measures.stop()
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

    def _on_fit(self) -> None:
        choices = fitting(self.plan)
        if choices is not None:
            before = self.plan.choices
            self._on_edited(choices)
            if self._navigator is not None:
                self._navigator.toast(
                    _("It fits now: {changes}.").format(changes=changes_between(before, choices)),
                    action_text=_("Undo"),
                    action=lambda: self._on_edited(before),
                )

    def _on_template(self) -> None:
        self.templates.keep(self.plan.choices, self.plan.choices.name or self.plan.default_name())

    def _on_discard(self) -> None:
        choices = self.plan.choices
        self._forget()
        self.discarded.emit()
        if self._navigator is not None:
            self._navigator.open("home")
            self._navigator.toast(
                _("Plan discarded."), action_text=_("Undo"), action=lambda: self._restore(choices)
            )

    def _restore(self, choices: Choices) -> None:
        self._show_from(choices, None)
        self._keeper.save()
        if self._navigator is not None:
            self._navigator.open("wizard")

    def _forget(self) -> None:
        """No plan any more: it was started or discarded."""
        self._keeper.forget()
        self.planner.choose(Choices())
