"""Step Settings: how long, on what, and the form that the method's options make."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from minimind.job import Budget
from minimind.methods.method import TrainSettings
from minimind.options import options_of
from minimind.plan import Resolved
from minimind.text import _
from studio.planning.choices import Choices
from studio.planning.problems import Problem
from studio.planning.recipe_plan import RecipePlan
from studio.planning.route import Severity, Step
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Label
from studio.ui.widgets.options_form import OptionsForm
from studio.ui.widgets.painting import set_property
from studio.ui.widgets.segmented import SegmentedControl
from studio.ui.wizard.step_view import ProblemLine, StepView, in_tab_order

LENGTHS = ("epochs", "steps", "minutes")
_DIGITS = QRegularExpression("[0-9]{0,19}")


class _Field(QWidget):
    """Label, editor and help in the manner of OptionsForm, for what is no option of the method."""

    def __init__(self, appearance: Appearance, editors: list[QWidget]) -> None:
        super().__init__()
        self.label = Label()
        self.reset = LinkButton(appearance)
        self.help = Label(role="small", tone="3", wrap=True)
        self.problem = ProblemLine(appearance)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.label)
        head.addWidget(self.reset)
        head.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(8)
        for editor in editors:
            line.addWidget(editor)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(line)
        column.addSpacing(2)
        column.addWidget(self.problem)
        column.addWidget(self.help)
        keep = self.reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(keep)

    def set_texts(self, label: str, text: str, default: str = "") -> None:
        """Label, help, and the link back to the default; empty hides the link."""
        self.label.setText(label)
        self.help.setText(text)
        self.help.setVisible(bool(text))
        self.reset.setText(_("default {value}").format(value=default))
        self.reset.setToolTip(_("Back to the default"))
        self.reset.setVisible(bool(default))


class SettingsStep(StepView):
    """Length, name, device, seed, and the method's options; simple or all of them."""

    step = Step.SETTINGS

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self._faults: dict[str, str] = {}
        self._settings_class: type = TrainSettings
        self.body.addWidget(self._make_general())
        self._recipe_says = Label(tone="2", wrap=True)
        self._recipe_card = Card()
        self._recipe_card.body.addWidget(self._recipe_says)
        self.body.addWidget(self._recipe_card)
        self._card = Card()
        self.form = self._make_form(TrainSettings)
        self._card.body.addWidget(self.form)
        self.body.addWidget(self._card)
        self.body.addStretch(1)
        self.form.set_show_all(self.show_all)

    def _make_general(self) -> QWidget:
        card = Card()
        self.length = QLineEdit()
        self.length.setMaximumWidth(120)
        self.length.textEdited.connect(self._on_length)
        self.length_unit = SegmentedControl(self.appearance, [(key, "") for key in LENGTHS])
        self.length_unit.selected.connect(self._on_length_unit)
        self._length = _Field(self.appearance, [self.length, self.length_unit])
        self._length.reset.clicked.connect(lambda: self._set_budget(Budget()))
        self.name = QLineEdit()
        self.name.setMinimumWidth(280)
        self.name.setMaxLength(120)
        self.name.textEdited.connect(lambda text: self.choose(name=text.strip()))
        self._name = _Field(self.appearance, [self.name])
        self.device = QComboBox()
        self.device.setMinimumWidth(200)
        self.device.activated.connect(lambda _index: self.choose(device=self.device.currentData()))
        self._device = _Field(self.appearance, [self.device])
        self._device.reset.clicked.connect(lambda: self.choose(device="auto"))
        self.seed = QLineEdit()
        self.seed.setMaximumWidth(200)
        self.seed.setValidator(QRegularExpressionValidator(_DIGITS, self.seed))
        self.seed.textEdited.connect(self._on_seed)
        self._seed = _Field(self.appearance, [self.seed])
        self._seed.reset.clicked.connect(lambda: self._set_seed(Choices().seed))
        card.body.setSpacing(16)
        for field in (self._length, self._name, self._device, self._seed):
            card.body.addWidget(field)
        return card

    def _make_form(self, settings_class: type) -> OptionsForm:
        form = OptionsForm(self.appearance, settings_class, show_all=self.show_all)
        form.edited.connect(self._on_option)
        return form

    # -- showing ---------------------------------------------------------------------------------------

    @property
    def faults(self) -> dict[str, str]:
        """Fields that hold no value at all, with the reason."""
        return {**self._faults, **self.form.problems()}

    def set_show_all(self, show_all: bool) -> None:
        super().set_show_all(show_all)
        self.form.set_show_all(show_all)

    def refresh(self) -> None:
        self._follow_method()
        found = {problem.field: problem for problem in reversed(self.here())}
        self._show_general(found)
        self._show_recipe()
        known = {item.name for item in options_of(self._settings_class)}
        shown = {name: value for name, value in self.choices.settings.items() if name in known}
        if shown != self.form.values() and not self.form.problems():
            self.form.set_values(_showable(self._settings_class, shown))
        estimate = self.plan.estimate()
        if estimate is not None:
            self.form.set_automatic(automatic(estimate.resolved))
        self.form.set_problems({name: found[name].sentence for name in found if name in known})

    def _show_recipe(self) -> None:
        plan = self.plan if isinstance(self.plan, RecipePlan) else None
        for widget in (self._card, self._length):
            widget.setVisible(plan is None)
        self._recipe_card.setVisible(plan is not None)
        if plan is None:
            return
        lines = [_("The recipe sets each training; to set everything yourself, choose one training.")]
        for number, stage in enumerate(plan.stages, start=1):
            line = _("{n}. {stage}").format(n=number, stage=stage.title)
            lines.append(f"{line}  {length_words(stage.stage.budget)}")
        self._recipe_says.setText("\n".join(lines))

    def _follow_method(self) -> None:
        wanted = self.plan.method.settings if self.plan.method else TrainSettings
        if wanted is not self._settings_class:
            self._settings_class = wanted
            self._card.body.removeWidget(self.form)
            self.form.deleteLater()
            self.form = self._make_form(wanted)
            self._card.body.addWidget(self.form)
            in_tab_order(self.seed, *(self.form.field(item.name) for item in options_of(wanted)))

    def _show_general(self, found: dict[str, Problem]) -> None:
        choices = self.choices
        self.length_unit.set_segments(
            [("epochs", _("passes")), ("steps", _("steps")), ("minutes", _("minutes"))]
        )
        self.length_unit.setAccessibleName(_("Unit of the length"))
        kind, value = _length_of(choices.budget)
        if "budget" not in self._faults:
            self.length_unit.select(kind)
            if _parse(self.length.text()) != value:
                self.length.setText(fmt.number(value))
        self._length.set_texts(
            _("Length of training"),
            _("One pass shows it every row once; more passes help when there is little text."),
            _("1 pass") if choices.budget != Budget() else "",
        )
        self._name.set_texts(_("Name"), _("What you call this run."))
        self.name.setPlaceholderText(self.plan.default_name() if self.plan.method else "")
        if self.name.text().strip() != choices.name:
            self.name.setText(choices.name)
        self._show_expert(choices)
        for field, widget, name in (
            (self._length, self.length, "budget"),
            (self._device, self.device, "device"),
            (self._seed, self.seed, "seed"),
        ):
            problem = found.get(name)
            field.problem.show_problem(problem)
            wrong = problem is not None and problem.severity is Severity.ERROR
            set_property(widget, "problem", wrong)
        for editor, label in (
            (self.length, self._length.label),
            (self.name, self._name.label),
            (self.device, self._device.label),
            (self.seed, self._seed.label),
        ):
            editor.setAccessibleName(label.text())

    def _show_expert(self, choices: Choices) -> None:
        default = choices.device == "auto"
        self._device.set_texts(_("Device"), _("Where it computes."), "" if default else _("automatic"))
        self._fill_devices()
        self._seed.set_texts(
            _("Seed"),
            _("The same seed, data and settings give the same run."),
            "" if choices.seed == Choices().seed else str(Choices().seed),
        )
        if self.seed.text() != str(choices.seed) and "seed" not in self._faults:
            self.seed.setText(str(choices.seed))
        several = len(self.plan.situation.devices) > 1 or not default
        self._device.setVisible(self.show_all and several)
        self._seed.setVisible(self.show_all)

    def _fill_devices(self) -> None:
        entries = [("auto", _("automatic"))]
        for device in self.plan.situation.devices:
            name = "CPU" if device.kind == "cpu" else device.name
            entries.append((device.label, f"{name} · {device.label}" if device.kind == "cuda" else name))
        chosen = self.choices.device
        if chosen not in dict(entries):
            entries.append((chosen, chosen))
        if entries != [
            (self.device.itemData(i), self.device.itemText(i)) for i in range(self.device.count())
        ]:
            self.device.clear()
            for label, name in entries:
                self.device.addItem(name, label)
        self.device.setCurrentIndex([label for label, _name in entries].index(chosen))

    def summary(self) -> str:
        count = self.plan.changed_settings
        if self.plan.recipe is not None and not count:
            return _("as in the recipe")
        return _("{n} changed").format(n=count) if count else _("automatic")

    def focus_field(self, field: str) -> bool:
        own = {"budget": self.length, "name": self.name, "device": self.device, "seed": self.seed}
        if field in own:
            own[field].setFocus()
            self.ensureWidgetVisible(own[field])
            return True
        if field in {item.name for item in options_of(self._settings_class)}:
            self.form.focus_option(field)
            self.ensureWidgetVisible(self.form.field(field))
            return True
        (self.name if self.plan.recipe is not None else self.length).setFocus()
        return not field

    def is_advanced(self, field: str) -> bool:
        """Whether a field is only there with all settings."""
        advanced = {item.name for item in options_of(self._settings_class) if item.option.advanced}
        return field in advanced or field in ("device", "seed")

    # -- what a person does ----------------------------------------------------------------------------

    def _on_option(self, _name: str) -> None:
        self.choose(settings=self.form.values())

    def _on_length(self, text: str) -> None:
        value, kind = _parse(text), self.length_unit.current()
        whole = kind != "steps" or (value is not None and value.is_integer())
        if value is None or value <= 0 or not whole:
            if value is None:
                fault = _("A number is missing") if not text.strip() else _("This is not a number")
            else:
                fault = _("This must be above 0") if value <= 0 else _("This must be a whole number")
            self._faults["budget"] = fault
            self.edited.emit(self.choices)
            return
        self._set_budget(_budget(kind, value))

    def _on_length_unit(self, kind: str) -> None:
        estimate = self.plan.estimate()
        value = 1.0
        if kind == "steps":
            value = float(estimate.steps) if estimate and estimate.steps else 1000.0
        elif kind == "minutes":
            value = float(math.ceil(estimate.seconds / 60)) if estimate and estimate.seconds else 10.0
        self._set_budget(_budget(kind, value))
        self.length.setFocus()
        self.length.selectAll()

    def _set_budget(self, budget: Budget) -> None:
        self._faults.pop("budget", None)
        self.choose(budget=budget)

    def _on_seed(self, text: str) -> None:
        if text:
            self._set_seed(int(text))
        else:
            self._faults["seed"] = _("A number is missing")
            self.edited.emit(self.choices)

    def _set_seed(self, seed: int) -> None:
        self._faults.pop("seed", None)
        self.choose(seed=seed)


def automatic(resolved: Resolved) -> dict[str, str]:
    """What automatic means for a plan, by option, as a field shows it."""
    values: dict[str, Any] = {
        name: value for name, value in dataclasses.asdict(resolved).items() if isinstance(value, int | float)
    }
    values["tokens_per_step"] = resolved.tokens_per_step
    shown = {
        name: fmt.number(value)
        for name, value in values.items()
        if value is not None and not isinstance(value, bool)
    }
    shown["sample_prompts"] = "\n".join(resolved.sample_prompts)
    return shown


def _showable(settings_class: type, values: dict[str, Any]) -> dict[str, Any]:
    """Without values that a field has no way to show; the sentence under it says what is wrong."""
    fields = {item.name: item for item in options_of(settings_class)}
    return {
        name: value
        for name, value in values.items()
        if not fields[name].option.choices or value in fields[name].option.choices
    }


def length_words(budget: Budget) -> str:
    """A length as people read it; steps that may not take longer than some minutes have both."""
    parts = []
    if budget.steps is not None:
        parts.append(fmt.steps(budget.steps))
    if budget.epochs is not None:
        parts.append(fmt.passes(budget.epochs))
    if budget.minutes is not None:
        most = _("at most {time}") if parts else "{time}"
        parts.append(most.format(time=fmt.duration(60 * budget.minutes)))
    return _(", ").join(parts) or fmt.passes(1.0)


def _length_of(budget: Budget) -> tuple[str, float]:
    for kind in LENGTHS:
        value = getattr(budget, kind)
        if value is not None:
            return kind, float(value)
    return "epochs", 1.0


def _budget(kind: str, value: float) -> Budget:
    if kind == "steps":
        return Budget(steps=int(value))
    if kind == "minutes":
        return Budget(minutes=value)
    # one pass is what happens by itself
    return Budget() if value == 1 else Budget(epochs=value)


def _parse(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "").replace("，", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
