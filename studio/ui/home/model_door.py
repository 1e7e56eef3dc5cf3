"""The door for a person who has a model already: what can be opened, by menu or by dropping it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from minimind.text import _
from studio.planning.project_data import SUFFIXES
from studio.ui.appearance import Appearance
from studio.ui.file_dialogs import pick_file, pick_folder
from studio.ui.navigator import Navigator
from studio.ui.widgets.page_header import MenuItem, fill_menu

# of a .parquet the wizard says how to turn it into lines
_DATA = (*SUFFIXES, ".parquet")


class ModelDoor:
    """What the third door does: talk to a model from elsewhere, or train it further.

    Importing foreign weights (.pth) is not here: this version opens checkpoint folders, its own and Hugging
    Face's, and GGUF files.
    """

    def __init__(self, appearance: Appearance, navigator: Navigator, parent: QWidget) -> None:
        self._appearance, self._navigator, self._parent = appearance, navigator, parent
        self._menu = QMenu(parent)

    def open_menu(self, under: QWidget) -> None:
        """Offer what there is, below a button."""
        items = [
            MenuItem(text=_("Talk to a model folder…"), icon="message-circle", action=self._talk_to_folder),
            MenuItem(text=_("Talk to a GGUF file…"), icon="message-circle", action=self._talk_to_file),
            MenuItem(text=""),
            MenuItem(text=_("Train a model folder further…"), icon="sprout", action=self._train),
        ]
        fill_menu(self._appearance, self._menu, items)
        self._menu.popup(under.mapToGlobal(under.rect().bottomLeft()))

    def take(self, paths: Sequence[str]) -> bool:
        """What was dropped: a model is opened in the chat, data files in the wizard.

        Returns:
            False when it is neither.
        """
        found = [Path(path) for path in paths]
        model = next((path for path in found if is_model(path)), None)
        if model is not None:
            self._navigator.chat_with(str(model))
            return True
        data = [str(path) for path in found if path.suffix.lower() in _DATA]
        if data:
            self._navigator.new_run({"data": data})
            return True
        self._navigator.toast(
            _("This is neither a model folder, nor a GGUF file, nor a data file."), tone="warning"
        )
        return False

    def _talk_to_folder(self) -> None:
        folder = self._ask_folder()
        if folder is not None:
            self._navigator.chat_with(str(folder))

    def _talk_to_file(self) -> None:
        path = pick_file(self._parent, _("Choose a GGUF file"), str(Path.home()), [("GGUF", ["*.gguf"])])
        if path:
            self._navigator.chat_with(path)

    def _train(self) -> None:
        folder = self._ask_folder()
        if folder is not None:
            self._navigator.new_run({"checkpoint": str(folder), "method": "sft"})

    def _ask_folder(self) -> Path | None:
        picked = pick_folder(self._parent, _("Choose a model folder"), str(Path.home()))
        if not picked:
            return None
        if not is_model(Path(picked)):
            sentence = _("{folder} is no model folder: there is no config.json in it.")
            self._navigator.toast(sentence.format(folder=Path(picked).name), tone="warning")
            return None
        return Path(picked)


def is_model(path: Path) -> bool:
    """A GGUF file, a folder with config.json, or a run folder that left a checkpoint."""
    if path.suffix.lower() == ".gguf":
        return path.is_file()
    return (path / "config.json").is_file() or (path / "checkpoints" / "last").is_file()
