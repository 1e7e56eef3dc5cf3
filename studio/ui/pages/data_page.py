"""What exactly the model is fed: the files of the project, every token of every row, counts, skipped rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from minimind.assets import SAMPLE
from minimind.text import _, language
from studio.planning.file_report import FileReport, FileState
from studio.planning.token_blocks import Run
from studio.services.data_service import DataService
from studio.services.run_service import RunService
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.data import menus, words
from studio.ui.data.body import DataBody
from studio.ui.data.cards import SEQ_LEN
from studio.ui.file_dialogs import PickFiles, pick_data_files
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page, ShortcutHint
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.page_header import MenuItem, PageHeader, fill_menu
from studio.ui.widgets.pill import Pill

METHODS = {"text": "pretrain", "chat": "sft"}
SAMPLE_FILES = ("pretrain.jsonl", "chat.jsonl")
_MEMORY = "data/files"
_VOCABULARY = 6_400


class DataPage(Page):
    """The data of the project. Files may be dropped anywhere on it."""

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        data: DataService,
        runs: RunService,
        memory: WindowMemory,
        *,
        pick: PickFiles = pick_data_files,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, parent)
        self._navigator, self._data, self._runs, self._memory = navigator, data, runs, memory
        self._pick = pick
        self._path, self._project, self._language = "", "", language()
        # files that were added by hand: the first of them is shown once it is in the list
        self._awaited: list[str] = []
        # folders of runs whose files were taken over already
        self._used: set[Path] = set()
        self._numbers: dict[str, int] = {}
        self._shown: tuple[str, int, int, str] = ("", 0, 0, "")
        self.header = PageHeader(appearance)
        self.pill = Pill(appearance)
        self.train = Button(appearance, kind="primary", icon="play")
        self.body = DataBody(appearance)
        self.files, self.preview = self.body.files, self.body.preview
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self.retranslate()

    # -- Page ------------------------------------------------------------------------------------------

    def opened(self, request: Mapping[str, object]) -> None:
        wanted = request.get("file")
        self._open_project()
        if isinstance(wanted, str):
            self.add([wanted])
        self.files.list.setFocus()

    def retranslate(self) -> None:
        self.train.setText(_("Train with it"))
        self.train.set_hint(_("Open the wizard with this file"), "Ctrl+Enter")
        self.body.retranslate()
        if self._language != language():
            self._language = language()
            self._shown = ("", 0, 0, "")
            self._data.retranslate()
        self._show_files()
        self._show()

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self.body.set_compact(compact, self.padding)
        self.header.setContentsMargins(self.padding, self.padding - 4, self.padding, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.body.set_size(self.width(), self.height())

    def primary_action(self) -> QAbstractButton | None:
        return self.train if self.train.isVisible() else None

    def escape(self) -> bool:
        return self.preview.escape()

    def shortcuts(self) -> list[ShortcutHint]:
        return [
            ShortcutHint(keys="J K / ← →", text=_("Next row, row before")),
            ShortcutHint(keys="G", text=_("Go to a row")),
            ShortcutHint(keys="1 2 3", text=_("Raw, template, what is trained")),
            ShortcutHint(keys="Del", text=_("Remove the file from the project")),
            ShortcutHint(keys="Ctrl+Enter", text=_("Train with it")),
        ]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_J: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_K: -1, Qt.Key.Key_Left: -1}
        views = {Qt.Key.Key_1: 1, Qt.Key.Key_2: 2, Qt.Key.Key_3: 3}
        if not plain or not self._path:
            super().keyPressEvent(event)
        elif key in steps:
            self.preview.step(steps[key])
        elif key in views:
            self.body.open_tab("preview")
            self.preview.choose_view(views[key])
        elif key == Qt.Key.Key_G:
            self.body.open_tab("preview")
            self.preview.ask_row()
        elif key == Qt.Key.Key_Delete:
            self.remove(self._path)
        else:
            super().keyPressEvent(event)

    # -- building --------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.header.add_beside(self.pill)
        self.header.set_actions([self.train])
        self.body.build(self, self.header)
        self.set_compact(False)

    def _connect(self) -> None:
        data, body = self._data, self.body
        data.files_changed.connect(self._on_files_changed)
        data.file_changed.connect(self._on_file_changed)
        data.row_ready.connect(self._on_row)
        data.row_failed.connect(self._on_row_failed)
        data.line_ready.connect(self._on_line)
        data.estimate_changed.connect(lambda path: self._show() if path == self._path else None)
        data.problem.connect(lambda sentence: self._navigator.toast(sentence, tone="danger"))
        self._runs.runs_changed.connect(self._on_runs_changed)
        self.train.clicked.connect(self._on_train)
        self.files.chosen.connect(self.choose)
        self.files.menu_wanted.connect(lambda path, place: self._open_menu(self._file_items(path), place))
        self.files.pick_wanted.connect(self.pick)
        body.empty.button.clicked.connect(self.add_sample)
        body.counts.stop_pressed.connect(lambda: data.stop(self._path))
        body.counts.again_pressed.connect(lambda: data.again(self._path))
        body.skipped.line_pressed.connect(self._show_line)
        body.skipped.all_pressed.connect(lambda: body.open_tab("skipped"))
        body.skipped_tab.line_wanted.connect(lambda line: data.request_line(self._path, line))
        body.skipped_tab.menu_wanted.connect(self._on_line_menu)
        body.repeats_tab.row_wanted.connect(self._go_to_row)
        body.repeats_tab.menu_wanted.connect(self._on_line_menu)
        self.preview.row_wanted.connect(self._on_row_wanted)
        self.preview.menu_wanted.connect(self._on_row_menu)
        body.convert.how_wanted.connect(lambda: data.fields(self._path, body.convert.show_fields))
        body.convert.convert_wanted.connect(self._on_convert)
        body.convert.again_wanted.connect(lambda: data.again(self._path))
        body.convert.remove_wanted.connect(lambda: self.remove(self._path))

    # -- files -----------------------------------------------------------------------------------------

    def add(self, paths: Sequence[str]) -> None:
        """Put files into the project and show the first of them."""
        if paths:
            self._awaited = [str(Path(path).absolute()) for path in paths]
            self._data.add(paths)

    def add_sample(self) -> None:
        """Put the bundled sample into the project."""
        self.add([str(SAMPLE / name) for name in SAMPLE_FILES])

    def pick(self) -> None:
        """Ask for files."""
        start = Path(self._path).parent if self._path else Path.home()
        self.add(self._pick(self, _("Choose data files"), str(start)))

    def remove(self, path: str) -> None:
        """Take a file off the list; the file itself stays, and the toast undoes it."""
        name = Path(path).name

        def removed(at: int) -> None:
            self._navigator.toast(
                _("{file} was removed from the project; the file stays.").format(file=name),
                action_text=_("Undo"),
                action=lambda: self._restore(path, at),
            )

        self._data.remove(path, removed)

    def _restore(self, path: str, at: int) -> None:
        self._awaited = [path]
        self._data.restore(path, at)

    def choose(self, path: str) -> None:
        """Show a file."""
        if path != self._path:
            self._path = path
            self._memory.set(_MEMORY, {**self._memory.get(_MEMORY, {}), self._project: path})
            self.body.skipped_tab.clear()
            self.preview.view = None
            self._shown = ("", 0, 0, "")
            self._show_files()
            self._show()
        self._data.want(path)

    def _open_project(self) -> None:
        project = self._runs.project
        if project != self._project:
            self._project, self._path = project, ""
            self._used = set()
        used = {run.folder for run in self._runs.runs() if run.project == project} - self._used
        self._used |= used
        self._data.open_project(project, used)

    def _on_runs_changed(self) -> None:
        fresh = any(run.folder not in self._used for run in self._runs.runs())
        if self.isVisible() and (fresh or self._runs.project != self._project):
            self._open_project()

    def _on_files_changed(self) -> None:
        paths = [entry.path for entry in self._data.entries()]
        awaited = next((path for path in paths if self._is_awaited(path)), "")
        if awaited:
            self._awaited = []
        remembered = str(self._memory.get(_MEMORY, {}).get(self._project, ""))
        choices = (awaited, self._path, remembered, *paths[:1])
        chosen = next((path for path in choices if path in paths), "")
        if chosen:
            self.choose(chosen)
        else:
            self._path = ""
        self._show_files()
        self._show()

    def _is_awaited(self, path: str) -> bool:
        return any(path == wanted or Path(path).is_relative_to(wanted) for wanted in self._awaited)

    def _on_file_changed(self, path: str) -> None:
        self._show_files()
        if path == self._path:
            self._show()

    def _show_files(self) -> None:
        rows = [words.file_row(entry.path, self._data.report(entry.path)) for entry in self._data.entries()]
        self.files.set_rows(rows, self._path)

    # -- what is shown ---------------------------------------------------------------------------------

    @property
    def report(self) -> FileReport | None:
        """What is known about the file in sight."""
        return self._data.report(self._path) if self._path else None

    def _show(self) -> None:
        report = self.report
        self._show_header(report)
        if report is None:
            self.body.show_nothing()
            return
        estimate = self._data.estimate(self._path)
        cost = words.pass_sentence(report.count, estimate) if report.count and estimate else ""
        self.body.show_report(
            report,
            seq_len=estimate.seq_len if estimate else SEQ_LEN,
            cost=cost,
            cost_tip=words.model_tip(estimate) if estimate else "",
        )
        self._ask_row(report)

    def _show_header(self, report: FileReport | None) -> None:
        self.header.set_title(Path(self._path).name if report else _("Data"))
        self.header.title.set_hint(self._path)
        self.header.set_meta(words.meta(report, _VOCABULARY) if report and report.size_bytes else "")
        skipped = report.count.skipped if report and report.count else 0
        # where no row can be used the sentence below says it
        self.pill.setVisible(skipped > 0 and bool(report and report.count and report.count.usable))
        self.pill.set(words.skipped_words(skipped), icon="triangle-alert", tone="warning")
        trainable = bool(report and report.can_train and report.count and report.count.kind in METHODS)
        self.train.setVisible(report is not None)
        self.train.setEnabled(trainable)
        why = _("No row of this file can be trained yet")
        self.train.set_hint(_("Open the wizard with this file") if trainable else why, "Ctrl+Enter")
        self.header.set_menu(self._file_items(self._path) if report else [])

    def _ask_row(self, report: FileReport) -> None:
        # before anything is counted, too: the first row is at hand at once
        count, counting = report.count, report.state in (FileState.WAITING, FileState.COUNTING)
        if not counting and (count is None or not count.usable):
            return
        number = self._numbers.get(self._path, 1)
        if not counting and count is not None:
            number = min(number, count.usable)
        wanted = (self._path, report.mtime_ns, number, self._language)
        if wanted != self._shown:
            self._shown = wanted
            self._data.request_row(self._path, number)

    def _on_row_wanted(self, number: int) -> None:
        self._numbers[self._path] = number
        report = self.report
        if report is not None:
            self._shown = (self._path, report.mtime_ns, number, self._language)
            self._data.request_row(self._path, number)

    def _on_row(self, view: object) -> None:
        from studio.planning.row_reader import RowView

        if isinstance(view, RowView) and view.path == self._path:
            self.preview.show_row(view)

    def _on_row_failed(self, path: str, _number: int, sentence: str) -> None:
        if path == self._path:
            self.preview.show_note(sentence)

    def _go_to_row(self, number: int) -> None:
        self.body.open_tab("preview")
        self._on_row_wanted(number)

    def _show_line(self, line: int) -> None:
        self.body.open_tab("skipped")
        self.body.skipped_tab.select_line(line)

    def _on_line(self, path: str, line: int, text: str) -> None:
        if path == self._path:
            self.body.skipped_tab.show_line(line, text)

    # -- what a person does ----------------------------------------------------------------------------

    def _on_train(self) -> None:
        report = self.report
        if report is not None and report.count is not None:
            self._navigator.new_run({"data": [self._path], "method": METHODS[report.count.kind]})

    def _on_convert(self, mapping: object) -> None:
        from minimind.data.fields import Mapping as FieldMapping

        assert isinstance(mapping, FieldMapping)

        def done(path: str, rows: int, left_out: int) -> None:
            sentence = _("{file} was written: {rows}.").format(file=Path(path).name, rows=fmt.rows(rows))
            if left_out:
                sentence += " " + words.skipped_words(left_out)
            self._navigator.toast(
                sentence, action_text=_("Open folder"), action=lambda: menus.open_folder_of(path)
            )
            self.choose(path)

        self._data.convert(self._path, mapping, done)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            self.files.drop.set_over(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.files.drop.set_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.files.drop.set_over(False)
        self.add([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    # -- menus -----------------------------------------------------------------------------------------

    def _file_items(self, path: str) -> list[MenuItem]:
        return menus.file_items(
            path,
            pick=self.pick,
            sample=self.add_sample,
            again=lambda: self._data.again(path),
            remove=lambda: self.remove(path),
        )

    def _on_line_menu(self, line: int, place: QPoint) -> None:
        self._open_menu(menus.line_items(self._path, line, show=lambda: self._show_line(line)), place)

    def _on_row_menu(self, run: object, place: QPoint) -> None:
        view = self.preview.view
        if view is not None:
            token = run if isinstance(run, Run) else None
            self._open_menu(menus.row_items(view, token, go=self.preview.ask_row), place)

    def _open_menu(self, items: Sequence[MenuItem], place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(self.appearance, menu, items)
        menu.popup(place)
