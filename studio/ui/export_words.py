"""How an export ended, in one sentence; and a toast about one whose dialog was closed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from minimind.messages import translated
from minimind.run_state import RunState
from minimind.text import _
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.navigator import Navigator


def result_sentence(result: Mapping[str, object]) -> str:
    """What came out: `done.result` of the job."""
    size = fmt.file_size(float(str(result.get("size_bytes") or 0)))
    same, checked = int(str(result.get("same") or 0)), int(str(result.get("checked") or 0))
    if not checked:
        text = _("Exported {size}.")
    elif same == checked:
        text = _("Exported {size}, compared: of {checked} tokens {same} are the same.")
    else:
        text = _("Exported {size}. Of {checked} tokens {same} are the same; small formats lose a little.")
    return text.format(size=size, checked=checked, same=same)


def ending_sentence(run: Run) -> str:
    """Why nothing came out."""
    if run.state is RunState.STOPPED:
        return _("Stopped; nothing was written.")
    if run.error is not None:
        sentence, _advice = translated(run.error.code, run.error.params, run.error.message)
        return sentence
    return _("The export ended without a result; the log says more.")


def open_place(path: Path) -> None:
    """Show the folder in which something lies."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


class ExportFollower(QObject):
    """Tells the end of an export whose dialog is closed."""

    def __init__(self, runs: RunService, navigator: Navigator, run_id: str) -> None:
        super().__init__(navigator)
        self._runs, self._navigator, self._run_id = runs, navigator, run_id
        runs.run_changed.connect(self._on_run_changed)
        self._on_run_changed(run_id)

    def _on_run_changed(self, run_id: str) -> None:
        run = self._runs.run(run_id) if run_id == self._run_id else None
        if run is None or not run.state.is_final:
            return
        self._run_id = ""
        if run.state is RunState.FINISHED and run.result:
            path = Path(str(run.result.get("path", "")))
            self._navigator.toast(
                result_sentence(run.result), action_text=_("Open folder"), action=lambda: open_place(path)
            )
        elif run.state is not RunState.STOPPED:
            self._navigator.toast(ending_sentence(run), tone="danger")
        self.deleteLater()
