"""Saves a run's plot where a person says: the picture, or its figures."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QWidget

from minimind.files import replace_bytes
from minimind.text import N_, _
from studio.services.run_reader import RunReader
from studio.store.records import Run
from studio.ui.file_dialogs import pick_target
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.run.commands import open_folder
from studio.ui.run.plot_export import Caption, Sheet, png_bytes
from studio.ui.run.plot_panel import PlotPanel

_FOLDER = "plot_export/folder"
_KINDS = {"png": N_("Picture (PNG)"), "svg": N_("Drawing (SVG)"), "csv": N_("Table (CSV)")}


class PlotFiles(QObject):
    """The exports of one plot."""

    def __init__(
        self, plot: PlotPanel, runs: RunReader, navigator: Navigator, memory: WindowMemory, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._plot, self._runs, self._window = plot, runs, parent
        self._navigator, self._memory = navigator, memory

    def ask(self, kind: str, run: Run, meta: str) -> None:
        """Ask where, then save.

        Args:
            kind: png, svg or csv.
            run: whose plot it is; meta: the line below the title.
        """
        begin = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        folder = str(self._memory.get(_FOLDER, "") or begin or Path.home())
        name = re.sub(r'[\\/:*?"<>|\s]+', "-", f"{run.name}-{self._plot.feed.metric}").strip("-")
        kinds = [(_(_KINDS[kind]), [f"*.{kind}"])]
        chosen = pick_target(self._window, _("Save the plot"), str(Path(folder) / f"{name}.{kind}"), kinds)
        if chosen:
            path = Path(chosen)
            self._memory.set(_FOLDER, str(path.parent))
            self.save(path if path.suffix else path.with_suffix(f".{kind}"), kind, run, meta)

    def save(self, path: Path, kind: str, run: Run, meta: str) -> None:
        """Save; a toast says when it is there."""
        picture = self._plot.picture()
        if picture is None:
            return
        said = partial(self._said, path)
        if kind == "csv":
            lo, hi = picture.feed.looked_at
            self._runs.export_curves(run.run_id, path, x=picture.feed.axis, lo=lo, hi=hi, done=said)
            return
        sheet = Sheet(picture, Caption(title=run.name, meta=meta), self._plot.plot)
        if kind == "svg":
            content = sheet.svg()
            self._runs.in_background(lambda: replace_bytes(path, content), lambda _none: said())
        else:
            image = sheet.image()
            self._runs.in_background(lambda: replace_bytes(path, png_bytes(image)), lambda _none: said())
        sheet.close()

    def _said(self, path: Path) -> None:
        self._navigator.toast(
            _("The plot is saved: {name}").format(name=path.name),
            action_text=_("Open the folder"),
            action=lambda: open_folder(str(path.parent)),
        )
