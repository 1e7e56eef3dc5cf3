"""Step Data: the files to learn from, what is wrong with them, and what is held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from minimind.job import DataFile
from minimind.methods import Needs
from minimind.text import N_, _, ngettext
from studio.planning.data_check import kind_of
from studio.planning.first_choices import needs_of
from studio.planning.problems import Problem, name_of
from studio.planning.project_data import expanded
from studio.planning.recipe_plan import RecipePlan
from studio.planning.route import Step
from studio.planning.situation import sample_file
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.file_dialogs import PickFiles, pick_data_files
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Label
from studio.ui.widgets.segmented import SegmentedControl
from studio.ui.wizard.data_row import DataRow
from studio.ui.wizard.stage_files import StageFiles
from studio.ui.wizard.step_view import ProblemLine, StepView, in_tab_order

# runs a call away from the GUI thread, then gives its answer here
Background = Callable[[Callable[[], Any], Callable[[Any], None]], None]
WANTED = {
    Needs.TEXT: N_("Text: {example} a line, or a plain .txt file."),
    Needs.CHAT: N_("Conversations: {example} a line."),
    Needs.PREFERENCES: N_("Pairs of answers: {example} a line."),
    Needs.PROMPTS: N_("Questions: {example} a line."),
}
# of large data it is one in a hundred; of small data more, so that the loss can be believed
MORE_THAN_USUAL = 0.015
EXAMPLES = {
    Needs.TEXT: '{"text": …}',
    Needs.CHAT: '{"conversations": …}',
    Needs.PREFERENCES: '{"chosen": …, "rejected": …}',
    Needs.PROMPTS: '{"prompt": …}',
}


def at_once(call: Callable[[], Any], done: Callable[[Any], None]) -> None:
    """In the place of a worker thread."""
    done(call())


class DataStep(StepView):
    """Files by picker, drop or the bundled sample, each with what the background reading found.

    Signals:
        stop_pressed(path), again_pressed(path): the reading of a file.
    """

    step = Step.DATA
    stop_pressed = Signal(str)
    again_pressed = Signal(str)

    def __init__(
        self,
        appearance: Appearance,
        *,
        pick: PickFiles = pick_data_files,
        background: Background = at_once,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, parent)
        self._pick, self._background = pick, background
        self._rows: dict[str, DataRow] = {}
        self._held_row: DataRow | None = None
        self._held_by_file = False
        self.setAcceptDrops(True)
        # of a recipe: a card a stage, in the place of the other two
        self.stages: dict[str, StageFiles] = {}
        self._stage_list = QVBoxLayout()
        self._stage_list.setSpacing(12)
        self.body.addLayout(self._stage_list)
        self.body.addWidget(self._make_files())
        self.body.addWidget(self._make_held_out())
        self.body.addStretch(1)

    def _make_files(self) -> QWidget:
        self._card = Card()
        self._title = self._card.add_title()
        self._wanted = Label(role="small", tone="2", wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.add = Button(self.appearance, icon="plus")
        self.add.clicked.connect(self._on_add)
        self.sample = Button(self.appearance, icon="file-text")
        self.sample.clicked.connect(self._on_sample)
        self._drop = Label(role="small", tone="3")
        self._problem = ProblemLine(self.appearance)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.add)
        line.addWidget(self.sample)
        line.addWidget(self._drop)
        line.addStretch(1)
        self._card.body.addWidget(self._wanted)
        self._card.body.addLayout(self._list)
        self._card.body.addLayout(line)
        self._card.body.addWidget(self._problem)
        return self._card

    def _make_held_out(self) -> QWidget:
        self._held_card = Card()
        self._held_title = self._held_card.add_title()
        self._held_help = Label(role="small", tone="2", wrap=True)
        self.held_from = SegmentedControl(self.appearance, [("auto", ""), ("file", "")])
        self.held_from.selected.connect(self._on_held_from)
        self.held_pick = Button(self.appearance, icon="plus")
        self.held_pick.clicked.connect(self._on_held_pick)
        self._held_list = QVBoxLayout()
        self._held_problem = ProblemLine(self.appearance)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.held_from)
        line.addWidget(self.held_pick)
        line.addStretch(1)
        self._held_card.body.addLayout(line)
        self._held_card.body.addLayout(self._held_list)
        self._held_card.body.addWidget(self._held_help)
        self._held_card.body.addWidget(self._held_problem)
        return self._held_card

    # -- showing ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        needs = self.needs
        by_field = {problem.field: problem for problem in reversed(self.here())}
        recipe = self.plan if isinstance(self.plan, RecipePlan) else None
        self._show_stages(recipe, by_field)
        self._card.setVisible(recipe is None)
        self._held_card.setVisible(recipe is None)
        if recipe is not None:
            return
        files = self.choices.data
        self._title.setText(_("Learn from"))
        self._wanted.setText(_(WANTED[needs]).format(example=EXAMPLES[needs]))
        self.add.setText(_("Choose files…") if not files else _("More files…"))
        sample = sample_file(needs)
        self.sample.setText(_("Use the sample"))
        self.sample.setToolTip(
            _("A small text of our own that comes with the program: enough to try everything.")
        )
        self.sample.setVisible(sample is not None and all(file.path != str(sample) for file in files))
        self._drop.setText(_("or drop them here"))
        self._problem.show_problem(by_field.get("data"))
        self._sync_rows(by_field)
        self._show_held_out(by_field)

    def _show_stages(self, plan: RecipePlan | None, by_field: dict[str, Problem]) -> None:
        stages = {stage.stage.name: stage for stage in plan.stages} if plan else {}
        for name in [*self.stages]:
            if name not in stages:
                gone = self.stages.pop(name)
                gone.hide()
                gone.deleteLater()
        for number, (name, stage) in enumerate(stages.items(), start=1):
            card = self.stages.get(name) or self._make_stage(name)
            wanted = _(WANTED[stage.needs]).format(example=EXAMPLES[stage.needs])
            card.show_stage(stage, number, wanted, by_field)

    def _make_stage(self, name: str) -> StageFiles:
        card = self.stages[name] = StageFiles(self.appearance)
        card.stop_pressed.connect(self.stop_pressed)
        card.again_pressed.connect(self.again_pressed)
        card.add_pressed.connect(
            lambda: card.add_paths(self._pick(self, _("Choose data files"), self._folder()))
        )
        card.files_changed.connect(lambda files: self._on_stage_files(name, files))
        self._stage_list.addWidget(card)
        return card

    def _on_stage_files(self, name: str, files: tuple[DataFile, ...]) -> None:
        others = {key: value for key, value in self.choices.stage_data.items() if key != name}
        self.choose(stage_data={**others, name: files} if files else others)

    @property
    def needs(self) -> Needs:
        """The kind of rows that the method wants; text until there is a method."""
        return needs_of(self.choices)

    def _sync_rows(self, by_field: dict[str, Problem]) -> None:
        files = {file.path: file for file in self.choices.data}
        for path in [*self._rows]:
            if path not in files:
                gone = self._rows.pop(path)
                self._list.removeWidget(gone)
                gone.hide()
                gone.deleteLater()
        with_weight = len(files) > 1 or self.show_all or any(file.weight != 1 for file in files.values())
        estimate = self.plan.estimate()
        passes = estimate.passes if estimate else None
        for index, (path, file) in enumerate(files.items()):
            row = self._rows.get(path)
            if row is None:
                row = self._rows[path] = self._make_row(path)
                row.weight_edited.connect(lambda value, path=path: self._on_weight(path, value))
                row.removed.connect(lambda path=path: self._on_removed(path))
            if self._list.indexOf(row) != index:
                self._list.insertWidget(index, row)
            problem = by_field.get(f"weight:{path}") or by_field.get(f"file:{path}")
            row.show_file(file, self.plan.files.get(path), problem, with_weight=with_weight, passes=passes)
        rows = [self._rows[path] for path in files]
        in_tab_order(*(field for row in rows for field in row.fields()), self.add, self.sample)

    def _make_row(self, path: str, *, weighted: bool = True) -> DataRow:
        row = DataRow(self.appearance, path, weighted=weighted)
        row.stop_pressed.connect(lambda: self.stop_pressed.emit(path))
        row.again_pressed.connect(lambda: self.again_pressed.emit(path))
        return row

    def _show_held_out(self, by_field: dict[str, Problem]) -> None:
        path = self.choices.val_data
        by_file = path is not None or self._held_by_file
        self._held_title.setText(_("Held-out set"))
        self.held_from.set_segments([("auto", self._aside()), ("file", _("A file"))])
        self.held_from.setAccessibleName(_("Held-out set"))
        self.held_from.select("file" if by_file else "auto")
        self.held_pick.setText(_("Choose a file…"))
        self.held_pick.setVisible(by_file)
        if self._held_row is not None and self._held_row.path != path:
            self._held_row.hide()
            self._held_row.deleteLater()
            self._held_row = None
        if path is not None:
            if self._held_row is None:
                self._held_row = self._make_row(path, weighted=False)
                self._held_row.removed.connect(lambda: self.choose(val_data=None))
                self._held_list.addWidget(self._held_row)
                in_tab_order(self.held_pick, *self._held_row.fields())
            problem = by_field.get(f"file:{path}") if path not in self._rows else None
            self._held_row.show_file(
                DataFile(path=path), self.plan.files.get(path), problem, with_weight=False
            )
        self._held_help.setText(self._held_sentence(by_file))
        self._held_problem.show_problem(by_field.get("val_data"))

    def _held_sentence(self, by_file: bool) -> str:
        if by_file and self.choices.val_data is None:
            return _("Choose a file that it never learns from; until then some of the data is set aside.")
        if by_file:
            return _("It never learns from this file; the held-out loss is measured on it.")
        data = self.plan.data
        if data is None or not data.heldout_documents:
            return _("It never learns from them; the held-out loss shows what it really understood.")
        text = ngettext(
            "{n} document is set aside and never learnt from; the held-out loss is measured on it.",
            "{n} documents are set aside and never learnt from; the held-out loss is measured on them.",
            data.heldout_documents,
        ).format(n=fmt.exact(data.heldout_documents))
        if (data.heldout_share or 0.0) > MORE_THAN_USUAL:
            few = _("Of little data more than 1% is needed to measure anything.")
            text = _("{one} {two}").format(one=text, two=few)
        return text

    def _aside(self) -> str:
        data = self.plan.data
        if self.choices.val_data is not None or data is None or not data.heldout_documents:
            return _("Set some aside")
        return _("Set aside {share}").format(share=_share(data.heldout_share or 0.0))

    def summary(self) -> str:
        if isinstance(self.plan, RecipePlan):
            own = [file for stage in self.plan.stages if stage.own_files for file in stage.files]
            return fmt.files(len(own)) if own else _("the sample")
        files = self.choices.data
        if len(files) == 1:
            return name_of(files[0].path)
        return fmt.files(len(files)) if files else ""

    def focus_field(self, field: str) -> bool:
        kind, _colon, path = field.partition(":")
        if self.stages:
            return self._focus_stage(kind, path)
        row = self._rows.get(path) or (
            self._held_row if self._held_row and self._held_row.path == path else None
        )
        if row is not None:
            target: QWidget = row.weight if kind == "weight" else row.remove
            if kind == "rows":
                row.open_rows()
                target = row.wrong
            target.setFocus()
            self.ensureWidgetVisible(row)
            return True
        (self.held_from.segment("auto") if field == "val_data" else self.add).setFocus()
        return field in ("", "data", "val_data")

    def _focus_stage(self, kind: str, what: str) -> bool:
        with_row = next((card for card in self.stages.values() if card.row(what)), None)
        card = with_row or self.stages.get(what) or next(iter(self.stages.values()))
        if with_row is not None and kind == "rows" and (row := with_row.row(what)) is not None:
            row.open_rows()
            row.wrong.setFocus()
        else:
            card.add.setFocus()
        self.ensureWidgetVisible(card)
        return kind in ("", "data", "stage", "file", "rows")

    # -- what a person does ----------------------------------------------------------------------------

    def add_paths(self, paths: Sequence[str]) -> None:
        """Put files into the list that are not in it; a folder stands for the data files in it."""
        sorts = bool(self.stages)

        def look() -> list[tuple[str, str]]:
            # folders may be long, and drives far away
            return [(path, kind_of(path) if sorts else "") for path in expanded(paths)]

        if paths:
            self._background(look, self._take)

    def _take(self, found: Sequence[tuple[str, str]]) -> None:
        if self.stages:
            self._sort_into_stages(found)
            return
        known = {file.path for file in self.choices.data}
        fresh = [path for path, _kind in found if path not in known]
        if fresh:
            self.choose(data=(*self.choices.data, *(DataFile(path=path) for path in fresh)))

    def _sort_into_stages(self, found: Sequence[tuple[str, str]]) -> None:
        """What is dropped onto a recipe goes to the stage whose kind of rows it holds, else to the first."""
        cards = list(self.stages.values())
        kinds = [card.needs.value if card.needs is not None else "" for card in cards]
        places = [(kinds.index(kind) if kind in kinds else 0, path) for path, kind in found]
        for at, card in enumerate(cards):
            card.add_paths([path for place, path in places if place == at])

    def _on_add(self) -> None:
        self.add_paths(self._pick(self, _("Choose data files"), self._folder()))

    def _folder(self) -> str:
        """Where the last file came from, else the person's home."""
        return str(Path(self.choices.data[-1].path).parent if self.choices.data else Path.home())

    def _on_sample(self) -> None:
        sample = sample_file(self.needs)
        if sample is not None:
            self.add_paths([str(sample)])

    def _on_weight(self, path: str, weight: float) -> None:
        files = self.choices.data
        self.choose(data=tuple(DataFile(path=path, weight=weight) if f.path == path else f for f in files))

    def _on_removed(self, path: str) -> None:
        self.choose(data=tuple(file for file in self.choices.data if file.path != path))
        self.add.setFocus()

    def _on_held_from(self, key: str) -> None:
        self._held_by_file = key == "file"
        if key == "auto" and self.choices.val_data is not None:
            self.choose(val_data=None)
        else:
            self.refresh()

    def _on_held_pick(self) -> None:
        paths = self._pick(self, _("Choose a held-out file"), self._folder())
        if paths:
            self.choose(val_data=str(Path(paths[0]).absolute()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add_paths([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()


def _share(value: float) -> str:
    """A part as people say it: 10%, 1%, 0.4%."""
    percent = 100 * value
    return f"{percent:.0f}%" if percent >= 0.95 else f"{percent:.1g}%"
