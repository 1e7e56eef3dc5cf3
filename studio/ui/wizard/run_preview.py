"""The run preview: how long, how dear, how much memory, and the one button that says what is next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from minimind.methods import StartsFrom
from minimind.text import N_, _, ngettext
from studio.planning.route import Severity
from studio.planning.run_plan import Estimate, RunPlan
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.memory_bar import MemoryBar, MemoryLegend, MemoryPart
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
    """

    pressed = Signal()
    copy_pressed = Signal()

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
        self.facts = {name: _Fact() for name in _FACTS}
        self.memory_label = Label(tone="2")
        self.memory_used = Label(role="strong", tabular=True)
        self.bar = MemoryBar(appearance)
        self._legends = (MemoryLegend(appearance), MemoryLegend(appearance))
        self._legend_for: tuple[list[MemoryPart], int] | None = None
        self.start = Button(appearance, kind="primary", icon="play", size="large")
        self.copy = LinkButton(appearance, icon="terminal")
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
        foot.addWidget(self.start)
        foot.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignHCenter)
        for part in self._parts:
            if part is not head:
                self._column.addWidget(Divider())
            self._column.addLayout(part)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """Closer together, so that the whole card fits into the smallest window."""
        side, above = (13, 7) if compact else (17, 13)
        for part in self._parts:
            part.setContentsMargins(side, above, side, above)
            part.setSpacing(3 if compact else 7)
        self._parts[1].setHorizontalSpacing(12)
        self.time.set_role("figure_s" if compact else "figure")
        self.start.setProperty("button", "normal" if compact else "large")
        width = 300 if compact else WIDTH
        self.setFixedWidth(round(width * max(1.0, self._appearance.scale)))

    # -- content ---------------------------------------------------------------------------------------

    def show_plan(self, plan: RunPlan) -> None:
        """Show what a plan amounts to; called on every change and when the language changes."""
        self.title.setText(_("This run"))
        self._show_verdict(plan)
        estimate = plan.estimate()
        self._show_time(plan, estimate)
        self._show_facts(plan, estimate)
        self._show_memory(estimate)
        self.copy.setText(_("Copy command line"))
        complete = plan.method is not None and plan.config is not None and bool(plan.choices.data)
        self.copy.setEnabled(complete)
        self.copy.set_hint("" if complete else _("First choose what to do, a model and a data file."))

    def _show_verdict(self, plan: RunPlan) -> None:
        missing = sum(problem.severity is Severity.MISSING for problem in plan.problems())
        verdict, obstacle = plan.verdict, plan.first_obstacle
        if verdict is Severity.ERROR:
            self.pill.set(_("Has an error"), icon="circle-x", tone="danger")
        elif verdict is Severity.MISSING:
            text = ngettext("{n} thing missing", "{n} things missing", missing).format(n=missing)
            self.pill.set(text, icon="info", tone="grey")
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
        self.about.setVisible(seconds is not None)
        self.time.setText(fmt.duration(seconds))
        self.cost.setText(fmt.money(estimate.cost_cny) if estimate and seconds is not None else "")
        if estimate is not None and seconds is not None:
            basis = _("Estimated by formula, within about {share}").format(share="20%")
            line = f"{basis} · {fmt.energy(estimate.kwh)}"
            fits = self.basis.fontMetrics().horizontalAdvance(line) <= self.width() - 36
            # the energy stands on its own line rather than being torn apart
            self.basis.setText(line if fits else line.replace(" · ", "\n"))
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
        product = f"= {resolved.micro_batch} × {resolved.seq_len} × {estimate.micro_batches}"
        hint = _("micro-batch × sequence length × micro-batches in a step")
        self.facts["step"].set(fmt.exact(resolved.tokens_per_step), product, hint=hint)
        if estimate.tokens is not None:
            passes = "" if estimate.passes is None else _passes(estimate.passes)
            self.facts["total"].set(fmt.tokens(estimate.tokens), passes)
            pretrains = plan.method is not None and plan.method.starts_from is StartsFrom.SCRATCH
            self._show_ratio(estimate, rule=pretrains)

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

    def set(self, value: str, aside: str = "", *, hint: str = "") -> None:
        """What it says."""
        self.value.setText(value)
        self.value.set_hint(hint)
        self.aside.setText(aside)
        self.aside.setVisible(bool(aside))
        self.aside.setToolTip(hint)


def _passes(value: float) -> str:
    shown = f"{value:.2f}" if value < 10 else f"{value:,.0f}"
    return ngettext("{n} pass", "{n} passes", 1 if shown == "1.00" else 2).format(n=shown.removesuffix(".00"))


def _why_unknown(plan: RunPlan) -> str:
    codes = {problem.code for problem in plan.problems()}
    if "reading" in codes:
        return _("Counting tokens…")
    if plan.refusal or any(problem.severity is Severity.ERROR for problem in plan.problems()):
        return _("Time is known once the errors are mended.")
    if not plan.choices.data:
        return _("Time is known once there is data.")
    return _("Time is known once everything is chosen.")
