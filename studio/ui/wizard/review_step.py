"""Step Review: everything that was chosen, each with a way back, and the list of what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from minimind.job import DataFile
from minimind.options import options_of
from minimind.text import _, ngettext
from studio.planning.problems import name_of
from studio.planning.recipe_plan import RecipePlan
from studio.planning.route import Step
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.options_form import shown
from studio.ui.wizard.review_checks import Check, judge
from studio.ui.wizard.settings_step import length_words
from studio.ui.wizard.step_view import SEVERITY_ICON, StepView, in_tab_order

_TOP_LEFT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
_ROWS = (
    (Step.WHAT, "method", "sprout"),
    (Step.MODEL, "model", "box"),
    (Step.DATA, "data", "database"),
    (Step.SETTINGS, "budget", "sliders-horizontal"),
    (Step.REVIEW, "name", "folder"),
)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of a review row: main text, what is smaller below it, and what the default would be."""

    text: str
    below: str = ""
    default: str = ""
    mono: bool = False
    hint: str = ""
    # a setting: its value stands in a column of its own
    value: str = ""


class ReviewStep(StepView):
    """Five rows with Change, then memory, data, held-out set and disk, then all that is left to say."""

    step = Step.REVIEW

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        card = Card(padded=False)
        card.body.setSpacing(0)
        self.rows = {field: _Row(appearance, icon) for _step, field, icon in _ROWS}
        for step, field, _icon in _ROWS:
            if card.body.count():
                card.body.addWidget(Divider())
            row = self.rows[field]
            target = Step.SETTINGS if step is Step.REVIEW else step
            row.change.clicked.connect(
                lambda _checked=False, target=target, field=field: self.step_requested.emit(target, field)
            )
            card.body.addWidget(row)
        self._checks_card = Card(padded=False)
        self._checks_card.body.setSpacing(0)
        self._checks: list[QWidget] = []
        self.links: dict[str, LinkButton] = {}
        self.body.addWidget(card)
        self.body.addWidget(self._checks_card)
        self.body.addStretch(1)
        self.checks: list[Check] = []

    # -- showing ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        titles = {
            "method": _("What"),
            "model": _("Model"),
            "data": _("Data"),
            "budget": _("Settings"),
            "name": _("Written to"),
        }
        facts = {
            "method": self._what(),
            "model": self._model(),
            "data": self._data(),
            "budget": self._settings(),
            "name": self._place(),
        }
        for field, row in self.rows.items():
            row.show(titles[field], facts[field])
        checks = judge(self.plan)
        if checks != self.checks or not self._checks:
            self.checks = checks
            self._show_checks()

    def _what(self) -> list[Fact]:
        if self.plan.recipe is not None:
            return [Fact(text=_(self.plan.recipe.title), below=_(self.plan.recipe.summary))]
        method = self.plan.method
        return [Fact(text=_(method.title), below=_(method.summary))] if method else []

    def _model(self) -> list[Fact]:
        config, estimate = self.plan.config, self.plan.estimate()
        if config is None:
            return []
        point = self.plan.start_point
        shape = [
            fmt.parameters(estimate.parameters) if estimate else "",
            ngettext("{n} layer", "{n} layers", config.num_layers).format(n=config.num_layers),
            _("width {n}").format(n=config.dim),
            _("vocabulary {n}").format(n=fmt.exact(config.vocab_size)),
        ]
        below = " · ".join(part for part in shape if part)
        if point is None:
            name = self.choices.preset or ""
            changed = _("{preset}, changed").format(preset=name)
            return [Fact(text=changed if self.choices.shape else name, below=below)]
        if point.is_outside:
            return [Fact(text=point.name, below=below, hint=str(point.folder))]
        which = _("best checkpoint, step {step}") if point.is_best else _("last checkpoint, step {step}")
        return [Fact(text=f"{point.name} · {which.format(step=fmt.exact(point.step))}", below=below)]

    def _data(self) -> list[Fact]:
        if isinstance(self.plan, RecipePlan):
            return [fact for stage in self.plan.stages for fact in self._files(stage.files, stage.title)]
        facts = self._files(self.choices.data)
        if self.choices.val_data is not None:
            facts.append(Fact(text=name_of(self.choices.val_data), below=_("held out")))
        return facts

    def _files(self, files: Sequence[DataFile], stage: str = "") -> list[Fact]:
        facts = []
        for file in files:
            check = self.plan.files.get(file.path)
            parts = [stage] if stage else []
            if check is not None and check.facts is not None:
                parts.append(_("about {tokens}").format(tokens=fmt.tokens(check.facts.tokens)))
            if len(files) > 1 or file.weight != 1:
                parts.append(_("weight {n}").format(n=f"{file.weight:g}"))
            if check is not None and check.skipped:
                skipped = ngettext("{n} row skipped", "{n} rows skipped", check.skipped)
                parts.append(skipped.format(n=fmt.exact(check.skipped)))
            facts.append(Fact(text=name_of(file.path), below=" · ".join(parts)))
        return facts

    def _settings(self) -> list[Fact]:
        if isinstance(self.plan, RecipePlan):
            return [
                Fact(text=stage.title, below=length_words(stage.stage.budget)) for stage in self.plan.stages
            ]
        choices, method = self.choices, self.plan.method
        budget, facts = choices.budget, []
        if budget.steps is not None:
            facts.append(self._setting(_("Length of training"), fmt.steps(budget.steps), _("1 pass")))
        elif budget.minutes is not None:
            facts.append(
                self._setting(_("Length of training"), fmt.duration(60 * budget.minutes), _("1 pass"))
            )
        elif budget.epochs is not None:
            passes = ngettext("{n} pass", "{n} passes", 1 if budget.epochs == 1 else 2)
            text = passes.format(n=fmt.number(budget.epochs))
            facts.append(self._setting(_("Length of training"), text, _("1 pass")))
        fields = options_of(method.settings) if method else []
        for item in fields:
            if item.name in choices.settings:
                value, default = choices.settings[item.name], shown(item.option, item.default)
                facts.append(self._setting(_(item.option.label), shown(item.option, value), default))
        if choices.device != "auto":
            facts.append(self._setting(_("Device"), choices.device, _("automatic")))
        if choices.seed != type(choices)().seed:
            facts.append(self._setting(_("Seed"), str(choices.seed), str(type(choices)().seed)))
        rest = len(fields) - len(choices.settings)
        if facts:
            text = ngettext("The other {n} has its default", "The other {n} have their defaults", rest)
            facts.append(Fact(text="", below=text.format(n=rest)))
        else:
            facts.append(Fact(text=_("All automatic")))
        return facts

    @staticmethod
    def _setting(label: str, value: str, default: str) -> Fact:
        return Fact(text=label, value=value, default=_("default {value}").format(value=default))

    def _place(self) -> list[Fact]:
        estimate, situation = self.plan.estimate(), self.plan.situation
        runs = situation.runs_folder
        folder = "/".join((*runs.parts[-3:], ""))
        parts = []
        if estimate is not None:
            most = _("At most {size}: {n} checkpoints of {each}, log and samples")
            parts.append(
                most.format(
                    size=fmt.file_size(estimate.disk_bytes),
                    n=estimate.checkpoints,
                    each=fmt.file_size(estimate.checkpoint_bytes),
                )
            )
        if situation.disk_free_bytes is not None:
            parts.append(_("{size} of disk free").format(size=fmt.file_size(situation.disk_free_bytes)))
        name = self.choices.name or self.plan.default_name()
        return [Fact(text=name), Fact(text=folder, below=" · ".join(parts), mono=True, hint=str(runs))]

    # -- the check list --------------------------------------------------------------------------------

    def _show_checks(self) -> None:
        for old in self._checks:
            self._checks_card.body.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._checks, self.links = [], {}
        for check in self.checks:
            if self._checks:
                self._add_check(Divider())
            line = _CheckLine(self.appearance, check)
            self._add_check(line)
            if check.link:
                self.links[check.title] = line.link
                line.link.clicked.connect(
                    lambda _checked=False, c=check: self.step_requested.emit(c.step, c.field)
                )
        in_tab_order(self.rows["name"].change, *self.links.values())
        self._checks_card.setVisible(bool(self._checks))

    def _add_check(self, widget: QWidget) -> None:
        self._checks.append(widget)
        self._checks_card.body.addWidget(widget)

    # -- the rest of a step ----------------------------------------------------------------------------

    def summary(self) -> str:
        return ""

    def focus_field(self, field: str) -> bool:
        self.rows["name"].change.setFocus()
        self.ensureWidgetVisible(self._checks_card if field == "disk" else self.rows["name"])
        return field in ("", "name", "disk")


class _Row(QWidget):
    """Icon, noun, facts, and a link to the step where they are chosen."""

    def __init__(self, appearance: Appearance, icon: str) -> None:
        super().__init__()
        self._appearance, self._icon_name = appearance, icon
        self._icon = Label()
        self.noun = Label(tone="2")
        self.change = LinkButton(appearance)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(24)
        self._facts.setVerticalSpacing(0)
        self._facts.setColumnStretch(2, 1)
        self._shown: list[Fact] | None = None
        row = QHBoxLayout(self)
        # the link is higher than a line of text; three pixels more on top bring all onto one line
        row.setContentsMargins(17, 9, 14, 9)
        row.setSpacing(12)
        for label in (self._icon, self.noun):
            label.setContentsMargins(0, 3, 0, 0)
        self._facts.setContentsMargins(0, 3, 0, 3)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self._icon, 0, top)
        row.addWidget(self.noun, 0, top)
        row.addLayout(self._facts, 1)
        row.addWidget(self.change, 0, top)

    def show(self, noun: str, facts: list[Fact]) -> None:  # type: ignore[override]
        self._icon.setPixmap(self._appearance.pixmap(self._icon_name, "text2", 18))
        self.noun.setText(noun)
        self.noun.setMinimumWidth(round(72 * self._appearance.scale))
        self.change.setText(_("Change"))
        self.change.setAccessibleName(_("Change: {noun}").format(noun=noun))
        if facts != self._shown:
            self._shown = facts
            self._fill(facts or [Fact(text="—")])

    def _fill(self, facts: list[Fact]) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        line = 0
        for fact in facts:
            if fact.value:
                self._facts.addWidget(Label(fact.text), line, 0)
                value = ElidedLabel(fact.value, role="strong")
                value.setMaximumWidth(220)
                self._facts.addWidget(value, line, 1)
                self._facts.addWidget(ElidedLabel(fact.default, role="small", tone="3"), line, 2)
                line += 1
                continue
            if fact.text:
                role = "mono" if fact.mono else "strong"
                mode = Qt.TextElideMode.ElideMiddle
                text = ElidedLabel(fact.text, role=role, mode=mode)
                text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                text.set_hint(fact.hint)
                if line and not fact.mono:
                    text.setContentsMargins(0, 8, 0, 0)
                self._facts.addWidget(text, line, 0, 1, 3)
                line += 1
            if fact.below:
                self._facts.addWidget(Label(fact.below, role="small", tone="2", wrap=True), line, 0, 1, 3)
                line += 1


class _CheckLine(QWidget):
    def __init__(self, appearance: Appearance, check: Check) -> None:
        super().__init__()
        name, token = SEVERITY_ICON[check.severity] if check.severity else ("circle-check", "success")
        icon = Label()
        icon.setPixmap(appearance.pixmap(name, token, 16))
        icon.setContentsMargins(0, 2, 0, 0)
        # wrapped like the text beside it: Qt sets a single line of Chinese higher than a wrapped one
        title = Label(check.title, role="strong", wrap=True)
        title.setAlignment(_TOP_LEFT)
        if check.text:
            metrics = QFontMetrics(appearance.font("strong"))
            title.setMinimumWidth(metrics.horizontalAdvance(check.title) + 2)
        self.link = LinkButton(appearance, check.link)
        row = QHBoxLayout(self)
        row.setContentsMargins(17, 9, 14, 9)
        row.setSpacing(10)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(icon, 0, top)
        row.addWidget(title, 0 if check.text else 1)
        if check.text:
            text = Label(check.text, tone="2", wrap=True)
            text.setAlignment(_TOP_LEFT)
            row.addWidget(text, 1)
        # higher than a line of text: it reaches into the row's margins
        self.link.setMaximumHeight(round(20 * appearance.scale) + 2)
        row.addWidget(self.link, 0, top)
        # only now: shown without a parent it would be a window of its own for a moment
        self.link.setVisible(bool(check.link))
