"""The projects for the window: which there are, a new one, another name. Files in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.services.background import Worker, sentence_of
from studio.store.projects import Project, make_project, read_projects, rename_project


class ProjectService(QObject):
    """Call it from the GUI thread only; getters answer from memory.

    Signals:
        changed(): another project, or another name.
        made(str): folder of a project that a person made.
        renamed(str, str, str): folder, the name before, the name now.
        problem(str): something that was asked for did not work: one sentence.
    """

    changed = Signal()
    made = Signal(str)
    renamed = Signal(str, str, str)
    problem = Signal(str)

    def __init__(self, projects: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = projects
        self._names: dict[str, str] = {}
        self._worker = Worker("projects", self)
        self.look()

    def projects(self) -> list[Project]:
        """All that are known, by name."""
        return [Project(folder=folder, name=name) for folder, name in self._names.items()]

    def name(self, folder: str) -> str:
        """What a person calls a project; one that is not on disk yet is called as its folder."""
        return self._names.get(folder, folder)

    def look(self) -> None:
        """Read the folder again; `changed` follows if anything is new."""
        self._worker.submit_newest(
            "look", lambda: read_projects(self._folder), done=self._on_read, failed=self._on_failed
        )

    def create(self, name: str) -> None:
        """Make a project; `made` follows, or `problem`."""
        self._ask(lambda: make_project(self._folder, name), lambda project: self.made.emit(project.folder))

    def rename(self, folder: str, name: str) -> None:
        """Call it something else; `renamed` follows, or `problem`."""
        before = self.name(folder)
        if name.strip() and name.strip() != before:
            self._ask(
                lambda: rename_project(self._folder, folder, name),
                lambda project: self.renamed.emit(folder, before, project.name),
            )

    def close(self) -> None:
        """End the thread."""
        self._worker.close(timeout_s=1.0)

    def _ask(self, work: Callable[[], Project], done: Callable[[Project], None]) -> None:
        def on_done(project: Project) -> None:
            self._names[project.folder] = project.name
            self._sort()
            self.changed.emit()
            done(project)

        self._worker.submit(work, done=on_done, failed=self._on_failed)

    def _on_read(self, found: list[Project]) -> None:
        names = {project.folder: project.name for project in found}
        if names != self._names:
            self._names = names
            self.changed.emit()

    def _sort(self) -> None:
        self._names = dict(sorted(self._names.items(), key=lambda pair: (pair[1].casefold(), pair[0])))

    def _on_failed(self, error: Exception) -> None:
        self.problem.emit(sentence_of(error))
