"""The run preview: how long, how dear, how much memory, and the one button that says what is next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from minimind.methods import StartsFrom
from minimind.text import N_, _, ngettext
from studio.jobs.measure import STEPS, Progress
from studio.planning.fitting import fitting
from studio.planning.forecast import FORMULA_ERROR
from studio.planning.recipe_plan import RecipePlan
from studio.planning.route import Severity
from studio.planning.run_plan import Estimate, RunPlan
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.memory_bar import MemoryBar, MemoryLegend, MemoryPart
from studio.ui.widgets.painting import set_property
from studio.ui.widgets.pill import Pill

WIDTH = 328
# below this a model of that size learns less than it could: the usual rule of thumb
TOKENS_PER_PARAMETER = 20
PART_NAMES = {
    "weights": N_("Weights"),
    "gradients": N_("Gradients"),
    "optimizer": N_("Optimizer"),
    "activations": N_("Activations"),
    "other": N_("Other"),
}
_PART_TOKENS = ("curve1", "curve5", "curve4", "curve3", "curve8", "curve6")
_FACTS = ("steps", "step", "total", "parameter", "device")


def memory_parts(memory: dict[str, int]) -> list[MemoryPart]:
    """The parts of an estimate with names and colours for bar and legend."""
    return [
        MemoryPart(
            name=_(PART_NAMES.get(name, name)), size=size, token=_PART_TOKENS[index % len(_PART_TOKENS)]
        )
        for index, (name, size) in enumerate(memory.items())
    ]


class RunPreview(QFrame):
    """A card beside every step.

    Signals:
        pressed: the start button, whatever it says now.
        copy_pressed: copy the command line.
        measure_pressed: make 20 steps, or give that up.
        fit_pressed: change the plan so that it fits into the memory.
        template_pressed: keep the plan to begin others with it.
    """

    pressed = Signal()
    copy_pressed = Signal()
    measure_pressed = Signal()
    fit_pressed = Signal()
    template_pressed = Signal()

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.setProperty("card", "true")
        self.title = Label(role="card")
        self.pill = Pill(appearance)
        self.about = Label(role="small", tone="2")
        self.time = Label("—", role="figure", tabular=True)
        self.cost = Label(role="figure_s", tabular=True)
        self.basis = Label(role="small", tone="3", wrap=True)
        self.measure = Button(appearance, icon="timer")
        self.fit = Button(appearance, icon="check", size="small")
        self.facts = {name: _Fact() for name in _FACTS}
        self.memory_label = Label(tone="2")
        self.memory_used = Label(role="strong", tabular=True)
        self.bar = MemoryBar(appearance)
        self._legends = (MemoryLegend(appearance), MemoryLegend(appearance))
        self._legend_for: tuple[list[MemoryPart], int] | None = None
        self.start = Button(appearance, kind="primary", icon="play", size="large")
        self.copy = LinkButton(appearance, icon="terminal")
        self.template = LinkButton(appearance, icon="bookmark")
        self.measure.clicked.connect(self.measure_pressed)
        self.fit.clicked.connect(self.fit_pressed)
        self.template.clicked.connect(self.template_pressed)
        self.start.clicked.connect(self.pressed)
        self.copy.clicked.connect(self.copy_pressed)
        self._lay_out()

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        head, facts, memory, foot = QVBoxLayout(), QGridLayout(), QVBoxLayout(), QVBoxLayout()
        self._parts = (head, facts, memory, foot)
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addStretch(1)
        top.addWidget(self.pill)
        time = QHBoxLayout()
        time.setSpacing(5)
        self.about.setContentsMargins(0, 0, 0, 3)
        self.cost.setContentsMargins(0, 0, 0, 1)
        time.addWidget(self.about, 0, Qt.AlignmentFlag.AlignBottom)
        time.addWidget(self.time, 0, Qt.AlignmentFlag.AlignBottom)
        time.addStretch(1)
        time.addWidget(self.cost, 0, Qt.AlignmentFlag.AlignBottom)
        head.addLayout(top)
        head.addLayout(time)
        head.addWidget(self.basis)
        head.addWidget(self.measure)
        for row, fact in enumerate(self.facts.values()):
            facts.addWidget(fact.label, row, 0)
            facts.addLayout(fact.line, row, 1)
        facts.setColumnStretch(1, 1)
        used = QHBoxLayout()
        used.addWidget(self.memory_label)
        used.addStretch(1)
        used.addWidget(self.memory_used)
        memory.addLayout(used)
        memory.addWidget(self.bar)
        for legend in self._legends:
            memory.addWidget(legend)
        memory.addWidget(self.fit)
        foot.addWidget(self.start)
        self._links = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._links.setSpacing(0)
        for link in (self.copy, self.template):
            self._links.addWidget(link, 0, Qt.AlignmentFlag.AlignHCenter)
        foot.addLayout(self._links)
        for part in self._parts:
            if part is not head:
                self._column.addWidget(Divider())
            self._column.addLayout(part)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """Closer together, so that the whole card fits into the smallest window."""
        self._compact = compact
        side, above, between = (13, 6, 3) if compact else (17, 13, 7)
        if compact and self._appearance.scale > 1:
            # larger letters take the room of the air around them
            above, between = 3, 1
        for part in self._parts:
            part.setContentsMargins(side, above, side, above)
            part.setSpacing(between)
        self._parts[1].setHorizontalSpacing(12)
        self.time.set_role("figure_s" if compact else "figure")
        set_property(self.start, "bulk", "normal" if compact else "large")
        set_property(self.measure, "bulk", "small" if compact else "normal")
        width = 300 if compact else WIDTH
        self.setFixedWidth(round(width * max(1.0, self._appearance.scale)))

    # -- content ---------------------------------------------------------------------------------------

    def show_plan(self, plan: RunPlan, *, progress: Progress | None = None) -> None:
        """Show what a plan amounts to; called on every change and when the language changes.

        Args:
            plan: the plan.
            progress: of the measurement under way.
        """
        self.title.setText(_("This run"))
        self._show_verdict(plan)
        estimate = plan.estimate()
        self._show_time(plan, estimate)
        self._show_facts(plan, estimate)
        self._show_measure(plan, progress)
        self._show_memory(estimate)
        self.fit.setText(_("Fit it to this computer") if _on_cpu(estimate) else _("Fit it to this card"))
        self.fit.setVisible(fitting(plan) is not None)
        words = (_("Copy command line"), _("Save as template"))
        short = (_("Command line"), _("Template")) if self._compact else words
        for link, word, text in zip((self.copy, self.template), words, short, strict=True):
            link.setText(text)
            link.setAccessibleName(word)
        complete = plan.method is not None and plan.config is not None and plan.has_data
        first = _("First choose what to do, a model and a data file.")
        self.template.setEnabled(plan.method is not None)
        self.template.set_hint(words[1] if plan.method is not None else first)
        sayable = complete and bool(plan.command_line("x"))
        self.copy.setEnabled(sayable)
        unsayable = _("On the command line a recipe takes its own files.")
        self.copy.set_hint(words[0] if sayable else unsayable if complete else first)
        beside = self.copy.sizeHint().width() + self.template.sizeHint().width() <= self.width() - 36
        way = QBoxLayout.Direction
        self._links.setDirection(way.LeftToRight if beside else way.TopToBottom)

    def _show_measure(self, plan: RunPlan, progress: Progress | None) -> None:
        key, estimate = plan.speed_key, plan.estimate()
        self.measure.setVisible(plan.recipe is None)
        if progress is not None:
            made = _("Measuring… {done} / {total}").format(done=progress.steps, total=STEPS)
            self.measure.setText(made if progress.steps else _("Measuring: getting ready…"))
            self.measure.set_hint(_("Stop measuring"))
            self.measure.set_icon("x")
            self.measure.setEnabled(True)
            return
        self.measure.set_icon("timer")
        again = estimate is not None and estimate.measured
        self.measure.setText(_("Measure again") if again else _("Measure {n} steps").format(n=STEPS))
        self.measure.setEnabled(key is not None and plan.can_start and not plan.situation.busy)
        if plan.situation.busy:
            self.measure.set_hint(_("Another run uses the device; what is measured now would be wrong."))
        elif not self.measure.isEnabled():
            self.measure.set_hint(_("Measuring is possible once nothing is missing."))
        else:
            self.measure.set_hint(_("Makes real steps on this computer and throws them away."))

    def _show_verdict(self, plan: RunPlan) -> None:
        missing, warnings = (
            sum(problem.severity is level for problem in plan.problems())
            for level in (Severity.MISSING, Severity.WARNING)
        )
        verdict, obstacle = plan.verdict, plan.first_obstacle
        if verdict is Severity.ERROR:
            self.pill.set(_("Has an error"), icon="circle-x", tone="danger")
        elif verdict is Severity.MISSING:
            text = ngettext("{n} thing missing", "{n} things missing", missing).format(n=missing)
            self.pill.set(text, icon="info", tone="grey")
        elif verdict is Severity.WARNING:
            text = ngettext("Ready, {n} warning", "Ready, {n} warnings", warnings).format(n=warnings)
            self.pill.set(text, icon="triangle-alert", tone="warning")
        else:
            self.pill.set(_("Ready"), icon="check", tone="success")
        if obstacle is not None:
            text, icon, hint = obstacle.action, "", obstacle.sentence
        elif plan.situation.busy:
            text, icon, hint = (
                _("Add to queue"),
                "list-ordered",
                _("Another run uses the device; this one waits its turn."),
            )
        elif verdict is Severity.WARNING:
            text, icon, hint = _("Start anyway"), "play", _("There are warnings; it can start all the same.")
        else:
            text, icon, hint = _("Start training"), "play", _("Start training")
        self.start.setText(text)
        self.start.set_icon(icon)
        self.start.set_hint(hint, "Ctrl+Enter")

    def _show_time(self, plan: RunPlan, estimate: Estimate | None) -> None:
        seconds = estimate.seconds if estimate else None
        self.about.setText(_("about"))
        measured = estimate is not None and estimate.measured
        self.about.setVisible(seconds is not None and not measured)
        self.time.setText(fmt.duration(seconds))
        self.cost.setText(fmt.money(estimate.cost_cny) if estimate and seconds is not None else "")
        if estimate is not None and seconds is not None:
            basis = _("Estimated by formula, within about {share}").format(share=FORMULA_ERROR)
            if measured:
                basis = _("Measured on this computer")
            line = f"{basis} · {fmt.energy(estimate.kwh)}"
            fits = self.basis.fontMetrics().horizontalAdvance(line) <= self.width() - 36
            # the energy stands on its own line rather than being torn apart
            self.basis.setText(line if fits else basis if self._compact else line.replace(" · ", "\n"))
            self.basis.setToolTip(fmt.energy(estimate.kwh))
            self.time.setToolTip("")
        else:
            self.basis.setText(_why_unknown(plan))
            self.time.setToolTip(_why_unknown(plan))

    def _show_facts(self, plan: RunPlan, estimate: Estimate | None) -> None:
        labels = {
            "steps": _("Steps"),
            "step": _("Tokens a step"),
            "total": _("In total"),
            "parameter": _("Per parameter"),
            "device": _("Device"),
        }
        for name, fact in self.facts.items():
            fact.label.setText(labels[name])
            fact.set("—")
            fact.show(True)
        device = plan.device
        if device is not None:
            precision = estimate.resolved.precision if estimate else ""
            name = "CPU" if device.kind == "cpu" else card_name(device.name)
            self.facts["device"].set(f"{name} · {precision}".strip(" ·"), hint=device.name)
        if estimate is None:
            return
        resolved = estimate.resolved
        self.facts["steps"].set(
            fmt.exact(estimate.steps), hint=_why_unknown(plan) if estimate.steps is None else ""
        )
        if isinstance(plan, RecipePlan):
            self._show_stages(plan)
            return
        product = f"= {resolved.micro_batch} × {resolved.seq_len} × {estimate.micro_batches}"
        hint = _("micro-batch × sequence length × micro-batches in a step")
        self.facts["step"].set(fmt.exact(resolved.tokens_per_step), product, hint=hint)
        if estimate.tokens is not None:
            passes = "" if estimate.passes is None else fmt.passes(estimate.passes)
            self.facts["total"].set(fmt.tokens(estimate.tokens), passes)
            pretrains = plan.method is not None and plan.method.starts_from is StartsFrom.SCRATCH
            self._show_ratio(estimate, rule=pretrains)

    def _show_stages(self, plan: RecipePlan) -> None:
        """A recipe's steps differ from stage to stage: what each takes says more."""
        for name in ("step", "total", "parameter"):
            self.facts[name].show(False)
        for name, stage in zip(("step", "total", "parameter"), plan.stages, strict=False):
            estimate = stage.plan.estimate()
            fact = self.facts[name]
            fact.show(True)
            fact.label.setText(stage.title)
            steps = fmt.steps(estimate.steps) if estimate and estimate.steps else ""
            fact.set(fmt.estimate(estimate.seconds) if estimate else "—", steps)

    def _show_ratio(self, estimate: Estimate, *, rule: bool) -> None:
        ratio = estimate.tokens_per_parameter
        assert ratio is not None
        shown = f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"
        # tuning needs a fraction of that
        few = rule and ratio < TOKENS_PER_PARAMETER
        advice = _("better ≥ {n}").format(n=TOKENS_PER_PARAMETER) if few else ""
        noun = ngettext("token", "tokens", 2)
        self.facts["parameter"].set(
            f"{shown} {noun}",
            advice,
            hint=_(
                "About 20 tokens for each parameter are a good measure for pretraining; more does no harm."
            ),
        )

    def _show_memory(self, estimate: Estimate | None) -> None:
        on_card = estimate is not None and estimate.device.kind == "cuda"
        self.memory_label.setText(_("Graphics memory") if on_card else _("Memory"))
        parts = memory_parts(estimate.memory) if estimate else []
        total = estimate.device.memory_bytes if estimate else 0
        need = estimate.peak_memory_bytes if estimate else None
        self.memory_used.setText(fmt.memory_pair(need, total or None))
        self.memory_used.set_tone("danger" if need is not None and need > total else "1")
        self.bar.set_parts(parts, total)
        if (parts, self.width()) != self._legend_for:
            self._legend_for = (parts, self.width())
            self._show_legend(parts)

    def _show_legend(self, parts: list[MemoryPart]) -> None:
        """In one row, or in two where one is too narrow for the words of a language."""
        whole, rest = self._legends
        metrics = QFontMetrics(self._appearance.font("small"))
        # a swatch and the gaps of the legend come to each word
        width = sum(metrics.horizontalAdvance(part.name) + 30 for part in parts)
        one_row = width <= self.width() - 36
        whole.set_parts(parts if one_row else parts[:3])
        rest.set_parts([] if one_row else parts[3:])
        rest.setVisible(not one_row)


def card_name(name: str) -> str:
    """A card's name without its maker and series: "RTX 3090"."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ")


def _on_cpu(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.device.kind == "cpu"


class _Fact:
    """A line of the list: label, value, and something smaller behind it."""

    def __init__(self) -> None:
        self.label = Label(tone="2")
        self.value = ElidedLabel(role="strong")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.aside = Label(role="small", tone="3", tabular=True)
        self.line = QHBoxLayout()
        self.line.setSpacing(6)
        self.line.addWidget(self.value, 1)
        self.line.addWidget(self.aside)

    def show(self, visible: bool) -> None:
        """Show the line, or leave it out."""
        for part in (self.label, self.value):
            part.setVisible(visible)
        self.aside.setVisible(visible and bool(self.aside.text()))

    def set(self, value: str, aside: str = "", *, hint: str = "") -> None:
        """What it says."""
        self.value.setText(value)
        self.value.set_hint(hint)
        self.aside.setText(aside)
        self.aside.setVisible(bool(aside))
        self.aside.setToolTip(hint)


def _why_unknown(plan: RunPlan) -> str:
    codes = {problem.code for problem in plan.problems()}
    if "reading" in codes:
        return _("Counting tokens…")
    if plan.refusal or any(problem.severity is Severity.ERROR for problem in plan.problems()):
        return _("Time is known once the errors are mended.")
    if not plan.has_data:
        return _("Time is known once there is data.")
    return _("Time is known once everything is chosen.")
