"""The rail's menu of projects with what stands behind it: choose, make, rename."""

from __future__ import annotations

from PySide6.QtCore import QObject

from minimind.text import _
from studio.ui.pages.table import Tools
from studio.ui.widgets.nav_rail import NavRail


class ProjectSwitcher(QObject):
    """Keeps the rail, the projects and the memory of the window of one mind."""

    def __init__(self, tools: Tools, rail: NavRail, parent: QObject) -> None:
        super().__init__(parent)
        self._tools = tools
        self._rail = rail
        projects = tools.projects
        rail.projects_opening.connect(projects.look)
        rail.project_chosen.connect(self.choose)
        rail.project_created.connect(projects.create)
        rail.project_renamed.connect(lambda name: projects.rename(tools.runs.project, name))
        projects.changed.connect(self.show)
        projects.made.connect(self.choose)
        projects.renamed.connect(self._on_renamed)
        projects.problem.connect(lambda sentence: tools.navigator.toast(sentence, tone="danger"))

    def show(self) -> None:
        """What there is, in the language of now."""
        current, projects = self._tools.runs.project, self._tools.projects
        found = [(project.folder, project.name) for project in projects.projects()]
        if current not in dict(found):
            # its folder comes with its first run
            found.append((current, projects.name(current)))
        self._rail.set_projects(found, current)

    def choose(self, folder: str) -> None:
        """New runs go there, and its conversations and data are shown."""
        self._tools.runs.set_project(folder)
        self._tools.memory.set("project", folder)
        self.show()

    def _on_renamed(self, folder: str, before: str, name: str) -> None:
        self._tools.navigator.toast(
            _("The project is called {name} now").format(name=name),
            action_text=_("Undo"),
            action=lambda: self._tools.projects.rename(folder, before),
        )
