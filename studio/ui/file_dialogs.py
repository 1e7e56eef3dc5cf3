"""Ask for files and folders with the system's dialog; where Qt has only its own, it speaks our language."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFileDialog, QWidget

from minimind.text import _

Kind = tuple[str, Sequence[str]]


def pick_files(parent: QWidget, title: str, folder: str, kinds: Sequence[Kind] = ()) -> list[str]:
    """One file or several; none when the person thinks better of it.

    Args:
        folder: where to begin, "" for where Qt was last.
        kinds: what the files are (translated) with their patterns, e.g. `*.gguf`.
    """
    dialog = _dialog(parent, title, folder, kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    return _answer(dialog)


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
    return dialog


def _answer(dialog: QFileDialog) -> list[str]:
    chosen = dialog.selectedFiles() if dialog.exec() else []
    dialog.deleteLater()
    return chosen
