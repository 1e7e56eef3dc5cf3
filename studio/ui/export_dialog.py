"""Export: what, in which format, how small, where to; then one line of progress, then what came out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from minimind.errors import BadInput
from minimind.run_state import RunState
from minimind.text import _
from studio.planning.export_plan import FORMATS, ExportPlan, ollama_command
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.export_words import ExportFollower, ending_sentence, open_place, result_sentence
from studio.ui.file_dialogs import pick_folder
from studio.ui.navigator import Navigator
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.choice import ChoiceCard, ChoiceRow
from studio.ui.widgets.labels import Divider, ElidedLabel, Label
from studio.ui.widgets.progress import ProgressBar

WIDTH = 560


class ExportDialog(QDialog):
    """Chooses, starts the job, follows it. It may be closed at any time: the job goes on."""

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        runs: RunService,
        plan: ExportPlan,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._appearance, self._navigator, self._runs, self._plan = appearance, navigator, runs, plan
        self._run_id = ""
        self._made: Path | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.heading = Label(role="heading")
        self.what = ElidedLabel(tone="2")
        self.cards = {name: ChoiceCard(appearance) for name in FORMATS}
        self.rows: dict[str, ChoiceRow] = {}
        self._make_choices()
        self._make_end()
        self._lay_out()
        self._connect()
        self.retranslate()
        self.cards[plan.format].setChecked(True)
        self.go.setFocus()

    # -- making --------------------------------------------------------------------------------

    def _make_choices(self) -> None:
        appearance = self._appearance
        self._list = QWidget()
        self._list_column = QVBoxLayout(self._list)
        self._list_column.setContentsMargins(0, 0, 0, 0)
        self._list_column.setSpacing(0)
        self.missing = Label(role="small", tone="2", wrap=True)
        self.copy_remedy = LinkButton(appearance, icon="copy")
        self.place = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.place_label = Label(tone="2")
        self.room = Label(role="small", tone="3")
        self.other_place = Button(appearance, size="small")
        self.check = QCheckBox()
        self.check.setChecked(self._plan.check)
        self.check_note = Label(role="small", tone="3", wrap=True)
        self.problem = Label(tone="danger", wrap=True, selectable=True)
        self.cancel = Button(appearance)
        self.go = Button(appearance, kind="primary", icon="package")
        self.go.setDefault(True)

    def _make_end(self) -> None:
        appearance = self._appearance
        self.state = Label(wrap=True, selectable=True)
        self.bar = ProgressBar(appearance)
        self.notes = Label(role="small", tone="2", wrap=True, selectable=True)
        self.stop = Button(appearance, icon="square")
        self.open_folder = Button(appearance, icon="folder-open")
        self.talk = Button(appearance, kind="primary", icon="message-circle")
        self.copy_ollama = Button(appearance, icon="copy")
        self.close_button = Button(appearance)

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        self._choices = self._choices_page()
        self.pages.addWidget(self._choices)
        self.pages.addWidget(self._end_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.what)
        column.addSpacing(10)
        column.addWidget(self.pages)

    def _choices_page(self) -> QWidget:
        page = QWidget()
        cards = QHBoxLayout()
        cards.setSpacing(12)
        for card in self.cards.values():
            cards.addWidget(card)
        missing = QHBoxLayout()
        missing.setSpacing(8)
        missing.addWidget(self.missing, 1)
        missing.addWidget(self.copy_remedy, 0, Qt.AlignmentFlag.AlignTop)
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self.place_label)
        place.addWidget(self.place, 1)
        place.addWidget(self.other_place)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(cards)
        column.addSpacing(4)
        column.addWidget(self._list)
        column.addLayout(missing)
        column.addWidget(Divider())
        column.addLayout(place)
        column.addWidget(self.room)
        column.addWidget(self.check)
        column.addWidget(self.check_note)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addSpacing(4)
        column.addLayout(buttons)
        return page

    def _end_page(self) -> QWidget:
        page = QWidget()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.open_folder, self.copy_ollama):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self.stop, self.close_button, self.talk):
            buttons.addWidget(button)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.state)
        column.addWidget(self.bar)
        column.addWidget(self.notes)
        column.addStretch(1)
        column.addLayout(buttons)
        return page

    def _connect(self) -> None:
        for name, card in self.cards.items():
            card.toggled.connect(lambda on, name=name: self._on_format(name) if on else None)
        self.copy_remedy.clicked.connect(lambda: self._copy(self._plan.exporter.remedy()))
        self.other_place.clicked.connect(self._pick_folder)
        self.check.toggled.connect(lambda on: self._change(check=on))
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._start)
        self.stop.clicked.connect(lambda: self._runs.stop(self._run_id))
        self.open_folder.clicked.connect(self._open_folder)
        self.talk.clicked.connect(self._talk)
        self.copy_ollama.clicked.connect(
            lambda: self._copy(ollama_command(self._made)) if self._made else None
        )
        self.close_button.clicked.connect(self.accept)
        self._runs.run_changed.connect(self._on_run_changed)
        self._appearance.changed.connect(self.retranslate)

    # -- choices -------------------------------------------------------------------------------

    def retranslate(self) -> None:
        """Set every text again, and the width that they need."""
        plan = self._plan
        self.setFixedWidth(round(WIDTH * self._appearance.scale))
        self.setWindowTitle(_("Export"))
        self.heading.setText(_("Export"))
        step = "" if plan.step is None else _("step {n}").format(n=fmt.exact(plan.step))
        self.what.setText(" · ".join(filter(None, [plan.label, step])))
        for name, card in self.cards.items():
            exporter = plan.with_format(name).exporter
            card.set_texts(_(exporter.title), _(exporter.summary))
        self.place_label.setText(_("Into"))
        self.other_place.setText(_("Other place…"))
        self.check.setText(_("Compare afterwards"))
        self.cancel.setText(_("Cancel"))
        self.copy_remedy.setText(_("Copy install command"))
        self.stop.setText(_("Stop"))
        self.open_folder.setText(_("Open folder"))
        self.talk.setText(_("Chat with it"))
        self.copy_ollama.setText(_("Ollama command"))
        self._show_storages()
        self._show_plan()
        run = self._runs.run(self._run_id) if self._run_id else None
        if run is not None:
            self._show_run(run)

    def _show_storages(self) -> None:
        """The rows of the chosen format."""
        exporter, storages = self._plan.exporter, self._plan.storages()
        if list(self.rows) != [storage.name for storage in storages]:
            for row in self.rows.values():
                self._list_column.removeWidget(row)
                row.hide()
                row.deleteLater()
            self.rows = {s.name: ChoiceRow(self._appearance, s.name, self._list) for s in storages}
            for name, row in self.rows.items():
                self._list_column.addWidget(row)
                row.toggled.connect(lambda on, name=name: self._change(storage=name) if on else None)
        lacking = [s for s in storages if not exporter.can_store(s.name)]
        for storage in storages:
            size = self._plan.size(storage.name)
            why = self._lacks(lacking[0].needs) if storage in lacking else ""
            row = self.rows[storage.name]
            row.set_texts(self._plan.phrase(storage.name), fmt.file_size(size), why)
            row.setEnabled(storage not in lacking and size is not None)
            row.setChecked(storage.name == self._plan.storage)
        self.missing.setText(self._lacks(lacking[0].needs) if lacking else "")
        self.missing.setVisible(bool(lacking))
        self.copy_remedy.setVisible(bool(lacking))

    def _lacks(self, package: str) -> str:
        return _("The greyed ones need {package}, which is not installed.").format(package=package)

    def _show_plan(self) -> None:
        plan = self._plan
        problem = plan.problem()
        self.place.setText(str(plan.target))
        free = fmt.file_size(plan.free)
        self.room.setText(_("{free} free there").format(free=free))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        able = plan.exporter.can_check
        self.check.setEnabled(able)
        self.check.blockSignals(True)
        self.check.setChecked(able and plan.check)
        self.check.blockSignals(False)
        self.check_note.setText(
            _("Loads it again and compares what it says.")
            if able
            else _("Comparing needs llama-cpp-python, which is not installed.")
        )
        self.go.setEnabled(not problem)
        self.go.set_hint(problem)
        size = plan.size(plan.storage)
        self.go.setText(_("Export {size}").format(size=fmt.file_size(size)) if size else _("Export"))
        self.adjustSize()

    def _on_format(self, name: str) -> None:
        if name != self._plan.format:
            self._plan = self._plan.with_format(name)
            self._show_storages()
            self._show_plan()

    def _change(self, **values: object) -> None:
        self._plan = replace(self._plan, **values)  # type: ignore[arg-type]
        self._show_plan()

    def _pick_folder(self) -> None:
        path = pick_folder(self, _("Export into"), str(self._plan.folder))
        if path:
            self._change(folder=Path(path))

    # -- the job -------------------------------------------------------------------------------

    def _start(self) -> None:
        try:
            job = self._plan.to_job()
        except BadInput as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        name = _("Export {name} as {storage}").format(name=self._plan.label, storage=self._plan.storage)
        self._run_id = job.run_id
        # a stack is as high as its highest page
        self.pages.removeWidget(self._choices)
        # not on Stop: whoever presses Enter twice wants the export
        self.close_button.setFocus()
        self._runs.start(job, name=name)
        run = self._runs.run(self._run_id)
        self._show_run(run)

    def _on_run_changed(self, run_id: str) -> None:
        if run_id == self._run_id:
            self._show_run(self._runs.run(run_id))

    def _show_run(self, run: Run | None) -> None:
        state = run.state if run is not None else RunState.QUEUED
        over = state.is_final
        self.bar.setVisible(not over)
        self.stop.setVisible(not over)
        self.close_button.setText(_("Close") if over else _("Close, keep exporting"))
        done = state is RunState.FINISHED and run is not None and bool(run.result)
        for button in (self.open_folder, self.talk, self.copy_ollama):
            button.setVisible(done)
        self.notes.hide()
        self.state.set_tone("danger" if state in (RunState.FAILED, RunState.LOST) else "1")
        if run is not None and done:
            self._show_result(run.result or {})
        elif over and run is not None:
            self.state.setText(ending_sentence(run))
        else:
            share = run.phase_done / run.phase_total if run is not None and run.phase_total else 0.0
            self.bar.set_share(share)
            self.state.setText(
                _("Comparing what it says…") if share >= 1 and self._plan.check else _("Exporting…")
            )
        self.adjustSize()

    def _show_result(self, result: dict[str, object]) -> None:
        if self._made is None:
            self.talk.setFocus()
        self._made = Path(str(result.get("path", "")))
        self.state.setText(result_sentence(result))
        notes = result.get("notes")
        lines = [str(note) for note in notes] if isinstance(notes, list) else []
        self.notes.setText("\n".join([str(self._made), *lines]))
        self.notes.show()
        self.copy_ollama.setVisible(self._made.suffix == ".gguf")

    def _open_folder(self) -> None:
        if self._made is not None:
            open_place(self._made)

    def _talk(self) -> None:
        if self._made is not None:
            self._navigator.chat_with(str(self._made))
            self.accept()

    def done(self, code: int) -> None:
        run = self._runs.run(self._run_id) if self._run_id else None
        if self._run_id and (run is None or not run.state.is_final):
            ExportFollower(self._runs, self._navigator, self._run_id)
        super().done(code)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._navigator.toast(_("Copied"))


def open_export(
    appearance: Appearance,
    navigator: Navigator,
    runs: RunService,
    *,
    checkpoint: str,
    projects: Path,
    parent: QWidget | None = None,
) -> ExportDialog | None:
    """Show the dialog for a checkpoint; a checkpoint that cannot be read becomes a toast.

    Args:
        checkpoint: run folder (best, else last), step folder or model folder.
        projects: the folder of projects; exports go into `<project>/exports`.
    """
    try:
        plan = ExportPlan.of(checkpoint, projects / runs.project / "exports")
    except BadInput as error:
        navigator.toast(str(error), tone="danger")
        return None
    dialog = ExportDialog(appearance, navigator, runs, plan, parent)
    dialog.open()
    return dialog
