"""Ask for files and folders with the system's dialog; Qt's own, where there is no other, has our looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from PySide6.QtCore import QFileInfo
from PySide6.QtGui import QAbstractFileIconProvider, QIcon, QPalette
from PySide6.QtWidgets import QFileDialog, QToolButton, QWidget

from minimind.text import _
from studio.planning.project_data import SUFFIXES
from studio.ui.icons import Icons

Kind = tuple[str, Sequence[str]]
PickFiles = Callable[[QWidget, str, str], Sequence[str]]
# Qt's names of the buttons of its own dialog; the system's dialog has none of them
_BUTTONS = {
    "backButton": "arrow-left",
    "forwardButton": "arrow-right",
    "toParentButton": "arrow-up",
    "newFolderButton": "folder-plus",
    "listModeButton": "list",
    "detailModeButton": "table-2",
}


class _FileIcons(QAbstractFileIconProvider):
    """Our folder and our sheet of paper."""

    def __init__(self, icons: Icons, colour: str) -> None:
        super().__init__()
        self._folder = icons.icon("folder", {"normal": colour})
        self._file = icons.icon("file", {"normal": colour})

    def icon(self, what: QFileInfo | QAbstractFileIconProvider.IconType) -> QIcon:  # type: ignore[override]
        if isinstance(what, QFileInfo):
            return self._folder if what.isDir() else self._file
        file = what == QAbstractFileIconProvider.IconType.File
        return self._file if file else self._folder

    def type(self, info: QFileInfo) -> str:
        """What the column of kinds says, in the language of now."""
        return _("Folder") if info.isDir() else info.suffix().upper() or _("File")


def pick_files(parent: QWidget, title: str, folder: str, kinds: Sequence[Kind] = ()) -> list[str]:
    """One file or several; none when the person thinks better of it.

    Args:
        folder: where to begin, "" for where Qt was last.
        kinds: what the files are (translated) with their patterns, e.g. `*.gguf`.
    """
    dialog = _dialog(parent, title, folder, kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    return _answer(dialog)


def pick_data_files(parent: QWidget, title: str, folder: str) -> Sequence[str]:
    """Files to learn from; as `pick_files`."""
    kinds = [(_("Data files"), [f"*{suffix}" for suffix in SUFFIXES])]
    return pick_files(parent, title, folder, kinds)


def pick_file(parent: QWidget, title: str, folder: str, kinds: Sequence[Kind] = ()) -> str:
    """One file, "" for none; as `pick_files`."""
    dialog = _dialog(parent, title, folder, kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return next(iter(_answer(dialog)), "")


def pick_target(parent: QWidget, title: str, path: str, kinds: Sequence[Kind]) -> str:
    """Where to save a file, "" for nowhere; the dialog asks before it takes one that exists.

    Args:
        path: folder and name to begin with.
        kinds: as `pick_files`; the first pattern's ending is added to a name without one.
    """
    dialog = _dialog(parent, title, "", kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setLabelText(QFileDialog.DialogLabel.Accept, _("Save"))
    dialog.setDefaultSuffix(kinds[0][1][0].rpartition(".")[2])
    dialog.selectFile(path)
    return next(iter(_answer(dialog)), "")


def pick_folder(parent: QWidget, title: str, folder: str) -> str:
    """A folder, "" for none."""
    dialog = _dialog(parent, title, folder, ())
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setLabelText(QFileDialog.DialogLabel.FileName, _("Folder:"))
    dialog.setLabelText(QFileDialog.DialogLabel.Accept, _("Choose"))
    return next(iter(_answer(dialog)), "")


def _dialog(parent: QWidget, title: str, folder: str, kinds: Sequence[Kind]) -> QFileDialog:
    dialog = QFileDialog(parent, title, folder)
    every = _("All files")
    filters = [f"{name} ({' '.join(patterns)})" for name, patterns in kinds]
    dialog.setNameFilters([*filters, f"{every} (*)"])
    # Qt's own catalogue lacks some of these words
    label = QFileDialog.DialogLabel
    dialog.setLabelText(label.LookIn, _("Look in:"))
    dialog.setLabelText(label.FileName, _("File name:"))
    dialog.setLabelText(label.FileType, _("Kind of file:"))
    dialog.setLabelText(label.Accept, _("Open"))
    dialog.setLabelText(label.Reject, _("Cancel"))
    _draw_with_our_icons(dialog)
    return dialog


@cache
def _file_icons(colour: str) -> _FileIcons:
    """One for each theme, kept: Qt does not own it, and a dialog that closes still asks it."""
    return _FileIcons(Icons(), colour)


def _draw_with_our_icons(dialog: QFileDialog) -> None:
    palette = dialog.palette()
    colour = palette.color(QPalette.ColorRole.PlaceholderText).name()
    off = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name()
    icons = Icons()
    for name, icon in _BUTTONS.items():
        button = dialog.findChild(QToolButton, name)
        if isinstance(button, QToolButton):
            button.setIcon(icons.icon(icon, {"normal": colour, "disabled": off}))
    dialog.setIconProvider(_file_icons(colour))


def _answer(dialog: QFileDialog) -> list[str]:
    chosen = dialog.selectedFiles() if dialog.exec() else []
    dialog.deleteLater()
    return chosen
