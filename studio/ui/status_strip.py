"""The strip at the bottom of every page: the running job at the left, the machine at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QWidget

from minimind.hardware import HardwareSample
from minimind.job import KIND_PIPELINE, KIND_TRAIN
from minimind.run_state import RunState
from minimind.text import _, ngettext
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.doctor_words import to_act_on
from studio.ui.run.words import ESTIMATE_FROM_STEP
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.painting import draw_box
from studio.ui.widgets.pill import STATES
from studio.ui.widgets.progress import ProgressBar

if TYPE_CHECKING:
    from minimind.doctor import Finding

HEIGHT = 28


class _Place(QAbstractButton):
    """A part of the strip that can be pressed; its children show what it says."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 0, 8, 0)
        self.row.setSpacing(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Expanding)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, area = QPainter(self), QRectF(self.rect()).adjusted(0, 1, 0, -1)
        if self.underMouse() and self.isEnabled():
            draw_box(painter, area, fill=self._appearance.color("hover"), radius=4)
        if self.hasFocus():
            draw_box(painter, area, border=self._appearance.color("accent"), radius=4, width=2)


def _small(text: str = "") -> Label:
    return Label(text, role="small", tone="2", tabular=True)


class StatusStrip(QFrame):
    """Says on every page what is going on.

    Signals:
        run_clicked: the id of the run to open; empty for the list of runs.
        doctor_clicked: a person wants to see what the doctor found.
    """

    run_clicked = Signal(str)
    doctor_clicked = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self._appearance = appearance
        self._active: list[Run] = []
        self._failed: Run | None = None
        self._queued = self._folders = 0
        self._sample: HardwareSample | None = None
        self._findings: Sequence[Finding] | None = None
        self._icon = Label()
        self._name = ElidedLabel(role="small", tone="2")
        self._bar = ProgressBar(appearance, height=4)
        self._bar.setFixedWidth(110)
        self._share = _small()
        self._left = _small()
        self.job = _Place(appearance)
        for widget in (self._icon, self._name, self._bar, self._share, self._left):
            self.job.row.addWidget(widget)
        self.job.clicked.connect(self._on_job_clicked)
        self._machine = [_small() for _index in range(3)]
        self._queue = _small()
        self._reading = _small()
        self._verdict_icon = Label()
        self._verdict = _small()
        self.doctor = _Place(appearance)
        self.doctor.row.setSpacing(6)
        self.doctor.row.addWidget(self._verdict_icon)
        self.doctor.row.addWidget(self._verdict)
        self.doctor.clicked.connect(self.doctor_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(18)
        row.addWidget(self.job)
        row.addStretch(1)
        right: list[QWidget] = [self._reading, *self._machine, self._queue, self.doctor]
        for part in right:
            row.addWidget(part)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def set_runs(self, active: Sequence[Run], queued: int, unseen_failure: Run | None) -> None:
        """What is going on: active runs with the one that ends first in front, and what went wrong unseen."""
        self._active, self._queued, self._failed = list(active), queued, unseen_failure
        self._show_job()
        self._queue.setText(_("Queue {n}").format(n=queued))

    def set_reading(self, folders: int) -> None:
        """So many new run folders are being read; 0: none."""
        self._folders = folders
        text = ngettext("Reading {n} new folder", "Reading {n} new folders", folders)
        self._reading.setText(text.format(n=fmt.exact(folders)))
        self._reading.setVisible(folders > 0)

    def set_sample(self, sample: HardwareSample) -> None:
        """The machine as it is now."""
        self._sample = sample
        self._show_machine()

    def set_findings(self, findings: Sequence[Finding] | None) -> None:
        """What the doctor found; None while it examines."""
        self._findings = findings
        self._show_verdict()

    def retranslate(self) -> None:
        """Every text again."""
        self.setFixedHeight(max(HEIGHT, self._appearance.line_height("small") + 10))
        self._queue.setText(_("Queue {n}").format(n=self._queued))
        self.set_reading(self._folders)
        self._show_job()
        self._show_machine()
        self._show_verdict()

    def text(self) -> str:
        """What the left part says, in one line."""
        return self.job.accessibleName()

    def _show_job(self) -> None:
        one = len(self._active) == 1
        run = self._active[0] if self._active else self._failed
        share = run.step / run.total_steps if one and run and run.total_steps else None
        self._bar.setVisible(share is not None)
        self._share.setVisible(share is not None)
        self._icon.setVisible(run is not None)
        self._left.clear()
        if not run:
            self._name.setText(_("Nothing is running"))
        elif not self._active:
            self._name.setText(
                _("{name} failed at step {step}").format(name=run.name, step=fmt.exact(run.step))
            )
            self._icon.setPixmap(self._appearance.pixmap("circle-x", "danger", 14))
        else:
            look = STATES[run.state]
            self._icon.setPixmap(self._appearance.pixmap(look.icon, look.token, 14))
            self._name.setText(run.name if one else self._several())
        if one and run:
            self._left.setText(self._time_left(run))
            self._bar.set_tone("warning" if run.state is RunState.PAUSED else "accent")
        if share is not None:
            self._bar.set_share(share)
            self._share.setText(fmt.percent(share))
        self._left.setVisible(bool(self._left.text()))
        # not disabled, which would fade the words: there is nothing to open, that is all
        self.job.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, run is None)
        self.job.setFocusPolicy(Qt.FocusPolicy.NoFocus if run is None else Qt.FocusPolicy.StrongFocus)
        shown = [self._name.text(), self._share.text() if share is not None else "", self._left.text()]
        self.job.setAccessibleName(", ".join(filter(None, shown)))

    def _several(self) -> str:
        count = ngettext("{n} run", "{n} runs", len(self._active)).format(n=len(self._active))
        soonest = self._active[0].eta_s
        if soonest is None:
            return count
        first = _("the first done in {time}").format(time=fmt.duration(soonest))
        return _("{count}, {first}").format(count=count, first=first)

    @staticmethod
    def _time_left(run: Run) -> str:
        if run.state is RunState.RUNNING and run.phase in (None, "train"):
            # as on the run's page: the first steps say little of the others
            trains = run.kind in (KIND_TRAIN, KIND_PIPELINE)
            early = trains and run.step - run.from_step < ESTIMATE_FROM_STEP
            return fmt.time_left(None if early else run.eta_s)
        return _(STATES[run.state].word)

    def _show_machine(self) -> None:
        sample, texts = self._sample, ["", "", ""]
        if sample is not None and sample.gpus:
            card = sample.gpus[0]
            texts = [
                f"GPU {fmt.percent(_share(card.utilisation_percent))}",
                _("VRAM {pair}").format(
                    pair=fmt.memory_pair(card.memory_used_bytes, card.memory_total_bytes)
                ),
                fmt.temperature(card.temperature_c),
            ]
        elif sample is not None:
            texts = [
                f"CPU {fmt.percent(_share(sample.cpu_percent))}",
                _("RAM {pair}").format(pair=fmt.memory_pair(sample.ram_used_bytes, sample.ram_total_bytes)),
                "",
            ]
        for label, text in zip(self._machine, texts, strict=True):
            label.setText(text)
            label.setVisible(bool(text))

    def _show_verdict(self) -> None:
        icon, token = "circle-check", "success"
        if self._findings is None:
            icon, token, text = "loader", "text3", _("Checking…")
        else:
            advice = len(to_act_on(self._findings))
            text = _("System ready")
            if advice:
                icon, token = "triangle-alert", "warning"
                text = ngettext("{n} suggestion", "{n} suggestions", advice).format(n=advice)
        self._verdict.setText(text)
        self._verdict_icon.setPixmap(self._appearance.pixmap(icon, token, 14))
        self.doctor.setAccessibleName(text)

    def _on_job_clicked(self) -> None:
        one = len(self._active) == 1 or (not self._active and self._failed is not None)
        run = self._active[0] if self._active else self._failed
        self.run_clicked.emit(run.run_id if one and run else "")


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100
