"""Runs on the first page: what goes on, what wants to be looked at, what has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from minimind.job import KIND_PIPELINE, KIND_TRAIN
from minimind.messages import translated
from minimind.run_state import RunState
from minimind.text import _
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.doctor_words import look
from studio.ui.navigator import Navigator
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.phase_strip import PHASES
from studio.ui.widgets.pill import StatePill
from studio.ui.widgets.progress import ProgressBar
from studio.ui.widgets.sparkline import Sparkline

if TYPE_CHECKING:
    from minimind.doctor import Finding

MOST = 5


@dataclass(frozen=True, kw_only=True)
class RowSpec:
    """What a row shows and does; `buttons`: text, icon, call; `said`: what the model says now."""

    run: Run
    said: str = ""
    buttons: tuple[tuple[str, str, Callable[[], object]], ...]
    open_run: Callable[[], object]

    @property
    def key(self) -> object:
        """Rows with the same key differ in figures only."""
        return self.run.run_id, self.run.folder, tuple(text for text, _icon, _call in self.buttons)


@dataclass(frozen=True, kw_only=True)
class NoticeSpec:
    """Something else than a run that wants to be looked at, with its one button."""

    finding: Finding
    button: str
    call: Callable[[], object]


class NoticeRow(QWidget):
    """What the doctor found, in a line."""

    def __init__(self, appearance: Appearance, spec: NoticeSpec) -> None:
        super().__init__()
        name, token = look(spec.finding)
        icon = Label()
        icon.setPixmap(appearance.pixmap(name, token, 16))
        parts = [spec.finding.fact, spec.finding.consequence]
        text = ElidedLabel(" ".join(part for part in parts if part))
        text.set_hint(spec.finding.advice)
        button = Button(appearance, spec.button, size="small")
        button.clicked.connect(lambda _on=False: spec.call())
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 8, 0, 8)
        row.setSpacing(8)
        row.addWidget(icon)
        row.addWidget(text, 1)
        row.addWidget(button)


class RunRow(QWidget):
    """One run in two lines, with a sparkline and its buttons."""

    def __init__(self, appearance: Appearance, spec: RowSpec) -> None:
        super().__init__()
        self.key = spec.key
        self.pill = StatePill(appearance, spec.run.state)
        self.name = LinkButton(appearance)
        self.name.clicked.connect(lambda _on=False: spec.open_run())
        self.detail = ElidedLabel(role="small", tone="2")
        self.said = ElidedLabel(role="small", tone="3", parent=self)
        # a parent from the start: one that is shown without is a window for a moment, and takes the keyboard
        self.bar = ProgressBar(appearance, parent=self)
        self.curve = Sparkline(appearance)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.name)
        first.addWidget(self.pill)
        first.addStretch(1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addLayout(first)
        # under the name's first letter: a link has 4 px before it
        below = QVBoxLayout()
        below.setContentsMargins(4, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self.detail)
        below.addWidget(self.said)
        below.addWidget(self.bar)
        texts.addLayout(below)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(16)
        row.addLayout(texts, 1)
        row.addWidget(self.curve, 0, Qt.AlignmentFlag.AlignVCenter)
        for text, icon, call in spec.buttons:
            button = Button(appearance, text, icon=icon, size="small")
            button.clicked.connect(lambda _on=False, call=call: call())
            row.addWidget(button)
        self.show_run(spec.run, spec.said)

    def show_run(self, run: Run, said: str = "") -> None:
        """The run's figures as they are now."""
        words = " ".join(said.split())
        self.said.setText(_("“{words}”").format(words=words) if words else "")
        self.said.setVisible(bool(words))
        self.name.setText(run.name)
        self.pill.set_state(run.state)
        self.detail.setText(_detail(run))
        self.bar.setAccessibleName(run.name)
        self.bar.setVisible(run.state.is_active and bool(run.total_steps))
        if run.total_steps:
            self.bar.set_share(run.step / run.total_steps)
        self.bar.set_tone("warning" if run.state is RunState.PAUSED else "accent")
        self.curve.set_values(run.sparkline, fmt.loss(run.loss))


class RunSection(Card):
    """A card with a title and run rows; hidden while there are none."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._appearance = appearance
        self._told: list[Finding] = []
        self.title = self.add_title()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self.hide()

    def show_rows(self, title: str, specs: Sequence[RowSpec], notices: Sequence[NoticeSpec] = ()) -> None:
        """Show these runs; one that stays keeps its widgets, and with them focus and clicks."""
        self.title.setText(title)
        rows, told = self.rows(), [notice.finding for notice in notices]
        if [spec.key for spec in specs] != [row.key for row in rows] or told != self._told:
            self._told = told
            rows = self._rebuild(specs, notices)
        for row, spec in zip(rows, specs, strict=True):
            row.show_run(spec.run, spec.said)
        self.setVisible(bool(specs) or bool(notices))

    def rows(self) -> list[RunRow]:
        """The rows on show."""
        items = [self._rows.itemAt(index) for index in range(self._rows.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, RunRow)]

    def _rebuild(self, specs: Sequence[RowSpec], notices: Sequence[NoticeSpec]) -> list[RunRow]:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        made = [NoticeRow(self._appearance, notice) for notice in notices]
        for index, row in enumerate([*made, *(RunRow(self._appearance, spec) for spec in specs)]):
            if index:
                self._rows.addWidget(Divider())
            self._rows.addWidget(row)
        return self.rows()


def active_rows(navigator: Navigator, runs: Sequence[Run]) -> list[RowSpec]:
    """What goes on and what waits."""
    rows = []
    for run in runs:
        opened = partial(navigator.open_run, run.run_id)
        rows.append(RowSpec(run=run, buttons=((_("Open"), "", opened),), open_run=opened))
    return rows


def trouble_rows(navigator: Navigator, runs: Sequence[Run], resume: Callable[[str], object]) -> list[RowSpec]:
    """What failed or was interrupted, each with its one button."""
    rows = []
    for run in runs:
        opened = partial(navigator.open_run, run.run_id)
        step = run.last_checkpoint
        button: tuple[str, str, Callable[[], object]] = (_("Look at it"), "", opened)
        if step:
            text = _("Resume from step {step}").format(step=fmt.exact(step))
            button = (text, "rotate-ccw", partial(resume, run.run_id))
        rows.append(RowSpec(run=run, buttons=(button,), open_run=opened))
    return rows


def finished_rows(
    navigator: Navigator,
    runs: Sequence[Run],
    *,
    models: Mapping[str, Run],
    said: Mapping[str, str],
    export: Callable[[str], object],
    can_chat: bool,
) -> list[RowSpec]:
    """What ended well.

    Args:
        navigator: to the run and to the chat.
        runs: to be shown.
        models: by run id, the run whose checkpoint it left: itself, or a pipeline's last stage.
        said: by run id, what the model said last.
        export: opens the dialog for a run folder.
        can_chat: there is a chat page.
    """
    rows = []
    for run in runs:
        buttons: list[tuple[str, str, Callable[[], object]]] = []
        model = models[run.run_id]
        if model.last_checkpoint is not None:
            folder = str(model.folder)
            if can_chat:
                buttons.append((_("Chat"), "message-circle", partial(navigator.chat_with, folder)))
            buttons.append((_("Export"), "package", partial(export, folder)))
        opened = partial(navigator.open_run, run.run_id)
        rows.append(RowSpec(run=run, said=said.get(run.run_id, ""), buttons=tuple(buttons), open_run=opened))
    return rows


def _detail(run: Run) -> str:
    if run.kind not in (KIND_TRAIN, KIND_PIPELINE) and run.error is None and run.state is not RunState.QUEUED:
        return _detail_of_work(run)
    parts: list[str] = []
    if run.error is not None:
        parts.append(translated(run.error.code, run.error.params, run.error.message)[0])
    elif run.state is RunState.QUEUED:
        position = run.queue_position
        parts.append(_("place {n} in the queue").format(n=position) if position else _("waits"))
    elif run.state.is_active and run.phase not in (None, "train"):
        share = f" {fmt.percent(run.phase_done / run.phase_total)}" if run.phase_total else ""
        parts.append(_(PHASES.get(run.phase or "", run.phase or "")) + share)
    elif run.state.is_active:
        total = fmt.exact(run.total_steps)
        parts.append(_("step {step} of {total}").format(step=fmt.exact(run.step), total=total))
        parts.append(_("loss {loss}").format(loss=fmt.loss(run.loss)))
        parts.append(fmt.time_left(run.eta_s))
    else:
        parts.append(_("held-out loss {loss}").format(loss=fmt.loss(run.best_val_loss or run.val_loss)))
        parts.append(fmt.steps(run.step))
        parts.append(fmt.duration(run.wall_s))
        parts.append(fmt.when(run.ended_at))
    if run.model and run.error is None:
        parts.insert(0, run.model)
    return " · ".join(parts)


def _detail_of_work(run: Run) -> str:
    """Of an export, say: it has neither steps nor a loss."""
    size = (run.result or {}).get("size_bytes")
    parts = [fmt.file_size(size)] if isinstance(size, int | float) else []
    if run.state.is_active:
        parts.append(fmt.percent(run.phase_done / run.phase_total) if run.phase_total else _("Preparing…"))
    else:
        parts += [fmt.duration(run.wall_s), fmt.when(run.ended_at)]
    return " · ".join(parts)
