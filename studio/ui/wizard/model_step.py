"""Step Model: a new one of a named size, or the checkpoint of an earlier run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from minimind.estimate import parameters
from minimind.presets import PRESETS, Preset
from minimind.text import N_, _
from studio.planning.route import Step
from studio.planning.run_plan import Estimate, RunPlan
from studio.planning.situation import StartPoint, method_title
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.file_dialogs import pick_folder
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.empty_state import EmptyState
from studio.ui.widgets.labels import Label
from studio.ui.widgets.segmented import SegmentedControl
from studio.ui.wizard.choice_card import CardGrid, ChoiceCard, let_tab_reach_one
from studio.ui.wizard.shape_card import ShapeCard
from studio.ui.wizard.step_view import ProblemLine, StepView, in_tab_order

FAMILIES = {"minimind2": "MiniMind2", "minimind3": "MiniMind3", "v1": N_("First generation (2024)")}
NEW, CHECKPOINT = "new", "checkpoint"


class ModelStep(StepView):
    """Preset cards by family, or runs that left a checkpoint."""

    step = Step.MODEL

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self.start_from = SegmentedControl(appearance, [(NEW, ""), (CHECKPOINT, "")])
        self.start_from.selected.connect(self._on_start_from)
        self._problem = ProblemLine(appearance)
        self._group = QButtonGroup(self)
        self.presets: dict[str, ChoiceCard] = {}
        self.runs: dict[str, ChoiceCard] = {}
        self._headings: dict[str, Label] = {}
        self._presets_page = self._make_presets()
        self._runs_page, self._runs_grid = QWidget(), CardGrid()
        self.open_folder = Button(appearance, icon="folder-open")
        self.open_folder.clicked.connect(self._on_open_folder)
        self._empty = EmptyState(appearance, "activity")
        self._empty.sentence.setMinimumWidth(480)
        self._empty.button.clicked.connect(lambda: self.step_requested.emit(Step.WHAT, "method"))
        column = QVBoxLayout(self._runs_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.open_folder, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._runs_grid)
        column.addWidget(self._empty)
        column.addStretch(1)
        self.body.addWidget(self.start_from)
        self.body.addWidget(self._problem)
        self.shape = ShapeCard(appearance)
        self.shape.edited.connect(lambda shape: self.choose(shape=shape))
        self.body.addWidget(self.shape)
        self.body.addWidget(self._presets_page)
        self.body.addWidget(self._runs_page)
        self.body.addStretch(1)
        self._shows_runs = False
        self._last_chosen: tuple[str | None, str | None] = (None, None)

    def _make_presets(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        families = dict.fromkeys(preset.family for preset in PRESETS.values())
        for family in families:
            heading = self._headings[family] = Label(tone="2")
            grid, cards = CardGrid(), []
            for preset in PRESETS.values():
                if preset.family == family:
                    card = self.presets[preset.name] = ChoiceCard(self.appearance, preset.name)
                    self._group.addButton(card)
                    card.clicked.connect(lambda _checked=False, key=card.key: self.choose(preset=key))
                    cards.append(card)
            grid.set_cards(cards)
            if len(self._headings) > 1:
                column.addSpacing(8)
            column.addWidget(heading)
            column.addWidget(grid)
        column.addStretch(1)
        return page

    # -- showing ---------------------------------------------------------------------------------------

    def show_plan(self, plan: RunPlan) -> None:
        chosen = (plan.choices.preset, plan.choices.checkpoint)
        if chosen != self._last_chosen and chosen != (None, None):
            self._shows_runs = plan.choices.checkpoint is not None
        if plan.recipe is not None:
            self._shows_runs = False
        self._last_chosen = chosen
        super().show_plan(plan)

    def refresh(self) -> None:
        self.start_from.set_segments([(NEW, _("New model")), (CHECKPOINT, _("From a checkpoint"))])
        self.start_from.setAccessibleName(_("Start from"))
        self.start_from.select(CHECKPOINT if self._shows_runs else NEW)
        # a recipe begins with random weights
        self.start_from.setVisible(self.plan.recipe is None)
        self._presets_page.setVisible(not self._shows_runs)
        self._runs_page.setVisible(self._shows_runs)
        self._group.setExclusive(False)
        self._show_presets()
        self._show_runs()
        self._group.setExclusive(True)
        let_tab_reach_one(self.presets.values())
        let_tab_reach_one(self.runs[run_id] for run_id in self._points())
        problem = next(iter(self.here()), None)
        of_shape = problem if problem is not None and problem.code == "bad_shape" else None
        # a shape of one's own is for experts; one that is there stays in sight
        own = bool(self.choices.shape)
        known = self.choices.preset in PRESETS and self.plan.recipe is None
        self.shape.setVisible(known and not self._shows_runs and (self.show_all or own))
        self.shape.show_plan(self.plan, of_shape)
        self._problem.show_problem(None if of_shape else problem)

    def _show_presets(self) -> None:
        for family, heading in self._headings.items():
            heading.setText(_(FAMILIES.get(family, family)))
        for name, card in self.presets.items():
            preset = PRESETS[name]
            estimate = self._with(preset=name)
            card.set_texts(_(preset.title), _(preset.summary), aside=name, figures=_figures(estimate))
            card.setChecked(name == self.choices.preset)
            self._note(card, preset, estimate)

    def _note(self, card: ChoiceCard, preset: Preset, estimate: Estimate | None) -> None:
        if estimate is not None and estimate.peak_memory_bytes > estimate.device.memory_bytes:
            text = _("needs {need}, there are {have}")
            need, have = estimate.peak_memory_bytes, estimate.device.memory_bytes
            card.set_note(text.format(need=fmt.memory(need), have=fmt.memory(have)), "danger")
        elif preset.name == self.plan.situation.preset:
            card.set_note(_("Good for this computer"), "accent")
        else:
            card.set_note("")

    def _show_runs(self) -> None:
        points = self._points()
        for run_id in [*self.runs]:
            if run_id not in points:
                self._group.removeButton(self.runs[run_id])
                self.runs.pop(run_id).deleteLater()
        for run_id, point in points.items():
            card = self.runs.get(run_id)
            if card is None:
                card = self.runs[run_id] = ChoiceCard(self.appearance, run_id)
                self._group.addButton(card)
                card.clicked.connect(lambda _checked=False, key=run_id: self.choose(checkpoint=key))
            card.set_texts(*_of_run(point), figures=_run_figures(point))
            card.set_note(point.fault, "danger")
            card.setChecked(run_id == self.choices.checkpoint)
        cards = [self.runs[run_id] for run_id in points]
        self._runs_grid.set_cards(cards)
        in_tab_order(self.start_from.segment(CHECKPOINT), self.open_folder, *cards)
        self.open_folder.setText(_("Open a model folder…"))
        self._runs_grid.setVisible(bool(points))
        self._empty.setVisible(not points)
        self._empty.set_texts(
            _("Runs that have ended and left a checkpoint appear here. There is none yet."),
            _("Pretrain one first"),
        )

    def _points(self) -> dict[str, StartPoint]:
        """What can be begun with: the folder that was opened, then the runs."""
        point = self.plan.start_point
        opened = {point.run_id: point} if point is not None and point.is_outside else {}
        return {**opened, **self.plan.situation.start_points}

    def _on_open_folder(self) -> None:
        picked = pick_folder(self, _("Choose a model folder"), str(Path.home()))
        if picked:
            self.choose(checkpoint=str(Path(picked).absolute()))

    def _with(self, **changes: object) -> Estimate | None:
        return dataclasses.replace(self.plan, choices=self.choices.with_changes(**changes)).estimate()

    # -- the rest of a step ----------------------------------------------------------------------------

    def summary(self) -> str:
        if self.choices.checkpoint is not None:
            point = self.plan.start_point
            return point.name if point else self.choices.checkpoint
        preset = self.choices.preset or ""
        return _("{preset}, changed").format(preset=preset) if self.choices.shape else preset

    def focus_field(self, field: str) -> bool:
        if self.plan.shape_fault:
            self.shape.focus_wrong()
            return True
        cards = self.runs if self._shows_runs else self.presets
        chosen = self.choices.checkpoint if self._shows_runs else self.choices.preset
        card = cards.get(chosen or "") or next(iter(cards.values()), None)
        (card or self.start_from.segment(self.start_from.current())).setFocus()
        if card is not None:
            self.ensureWidgetVisible(card)
        return field in ("", "model")

    def _on_start_from(self, key: str) -> None:
        self._shows_runs = key == CHECKPOINT
        points = self.plan.situation.start_points
        if self._shows_runs and points:
            self.choose(checkpoint=next(iter(points)))
        elif self._shows_runs:
            self.choose(preset=None)
        else:
            self.choose(preset=self.plan.situation.preset)


def _figures(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    parts = [fmt.parameters(estimate.parameters), fmt.memory(estimate.peak_memory_bytes)]
    if estimate.seconds is not None:
        # "< ¥0.1" stays in one line
        cost = fmt.money(estimate.cost_cny).replace(" ", "\u00a0")
        parts += [fmt.estimate(estimate.seconds), cost]
    return " · ".join(parts)


def _of_run(point: StartPoint) -> tuple[str, str]:
    if point.is_outside:
        return point.name, str(point.folder.parent)
    which = _("best checkpoint, step {step}") if point.is_best else _("last checkpoint, step {step}")
    return point.name, f"{method_title(point.method)} · {which.format(step=fmt.exact(point.step))}"


def _run_figures(point: StartPoint) -> str:
    parts = [fmt.parameters(parameters(point.config)[0])] if point.config else []
    if point.val_loss is not None:
        parts.append(_("held-out loss {loss}").format(loss=fmt.loss(point.val_loss)))
    if point.ended_at is not None:
        parts.append(fmt.when(point.ended_at))
    return " · ".join(parts)
