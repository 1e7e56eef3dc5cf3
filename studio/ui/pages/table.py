"""The pages: one line each. What does not exist yet is not here, so it is not shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from minimind.text import N_
from studio.paths import Paths
from studio.preferences import PreferencesFile
from studio.services.chat_service import ChatService
from studio.services.project_service import ProjectService
from studio.services.run_service import RunService
from studio.services.system_service import SystemService
from studio.ui.appearance import Appearance
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What pages are made with; `studio.app` makes it, the builders below take what their page needs."""

    appearance: Appearance
    navigator: Navigator
    preferences: PreferencesFile
    memory: WindowMemory
    paths: Paths
    projects: ProjectService
    runs: RunService
    system: SystemService
    chat: ChatService = field(default_factory=ChatService)


@dataclass(frozen=True, kw_only=True)
class PageRow:
    """One page.

    Attributes:
        key: name for the navigator and the memory.
        title: msgid; what the rail and the list of shortcuts call it.
        build: makes it, at its first visit.
        icon: in the rail; empty = not in the rail.
        place: key of the rail's item that is marked while it is open; its own by default.
        bottom: it stands at the rail's bottom.
    """

    key: str
    title: str
    build: Callable[[Tools], Page]
    icon: str = ""
    place: str = ""
    bottom: bool = False


# builders import their page inside: a page costs nothing before its first visit


def _home(tools: Tools) -> Page:
    from studio.ui.pages.home_page import HomePage

    page = HomePage(tools.appearance, tools.navigator, tools.preferences, tools.runs, tools.system)
    page.export_requested.connect(lambda path: _export(tools, page, path))
    return page


def _preferences(tools: Tools) -> Page:
    from PySide6.QtCore import QCoreApplication

    from studio.desktop_entry import is_possible
    from studio.services.desktop_service import DesktopService
    from studio.ui.pages.preferences_page import PreferencesPage

    desktop = DesktopService() if is_possible() else None
    page = PreferencesPage(tools.appearance, tools.navigator, tools.preferences, tools.paths, desktop)
    application = QCoreApplication.instance()
    if desktop is not None and application is not None:
        desktop.setParent(page)
        application.aboutToQuit.connect(desktop.close)
    return page


def _doctor(tools: Tools) -> Page:
    from studio.ui.pages.doctor_page import DoctorPage

    return DoctorPage(tools.appearance, tools.navigator, tools.system)


def _wizard(tools: Tools) -> Page:
    from studio.ui.wizard.wizard_page import WizardPage

    return WizardPage(
        tools.appearance,
        tools.preferences,
        tools.runs,
        tools.system,
        tools.paths,
        navigator=tools.navigator,
    )


def _data(tools: Tools) -> Page:
    from PySide6.QtCore import QCoreApplication

    from minimind.device import Device
    from minimind.hardware import device_list
    from studio.services.data_service import DataService
    from studio.ui.pages.data_page import DataPage

    def devices() -> Sequence[Device]:
        from studio.planning.situation import usable_devices

        return usable_devices(device_list(), [finding.code for finding in tools.system.findings() or []])

    service = DataService(projects=tools.paths.projects, cache=tools.paths.cache, devices=devices)
    page = DataPage(tools.appearance, tools.navigator, service, tools.runs, tools.memory)
    service.setParent(page)
    application = QCoreApplication.instance()
    assert application is not None
    application.aboutToQuit.connect(service.close)
    return page


def _runs(tools: Tools) -> Page:
    from studio.ui.pages.runs_page import RunsPage

    page = RunsPage(
        tools.appearance,
        tools.navigator,
        tools.runs,
        tools.memory,
        tools.preferences,
        tools.paths.projects,
    )
    page.open_run.connect(tools.navigator.open_run)
    page.open_chat.connect(tools.navigator.chat_with)
    page.new_run_requested.connect(tools.navigator.new_run)
    page.export_requested.connect(lambda path: _export(tools, page, path))
    return page


def _run(tools: Tools) -> Page:
    from studio.ui.pages.run_page import RunPage

    page = RunPage(tools.appearance, tools.navigator, tools.runs, tools.memory, tools.preferences)
    page.open_chat.connect(tools.navigator.chat_with)
    page.new_run_requested.connect(tools.navigator.new_run)
    page.export_requested.connect(lambda path: _export(tools, page, path))
    return page


def _chat(tools: Tools) -> Page:
    from PySide6.QtCore import QCoreApplication

    from studio.services.chat_book import ChatBook
    from studio.services.chat_session import ChatSession
    from studio.ui.pages.chat_page import ChatPage

    service, book = tools.chat, ChatBook()
    session = ChatSession(
        service=service,
        book=book,
        runs=tools.runs,
        preferences=tools.preferences,
        projects=tools.paths.projects,
    )
    page = ChatPage(tools.appearance, tools.navigator, session, tools.memory)
    page.export_requested.connect(lambda path: _export(tools, page, path))
    book.problem.connect(lambda sentence: tools.navigator.toast(sentence, tone="danger"))
    for part in (session, service, book):
        part.setParent(page)
    application = QCoreApplication.instance()
    assert application is not None
    application.aboutToQuit.connect(service.close)
    application.aboutToQuit.connect(book.close)
    return page


def _export(tools: Tools, page: Page, checkpoint: str) -> None:
    from studio.ui.export_dialog import open_export

    open_export(
        tools.appearance,
        tools.navigator,
        tools.runs,
        checkpoint=checkpoint,
        projects=tools.paths.projects,
        parent=page,
    )


PAGES = (
    PageRow(key="home", icon="house", title=N_("Home"), build=_home),
    PageRow(key="data", icon="database", title=N_("Data"), build=_data),
    PageRow(key="runs", icon="activity", title=N_("Runs"), build=_runs),
    PageRow(key="run", title=N_("Run"), build=_run, place="runs"),
    PageRow(key="chat", icon="message-circle", title=N_("Chat"), build=_chat),
    PageRow(key="doctor", title=N_("Check this computer"), build=_doctor, place="home"),
    PageRow(key="wizard", title=N_("New run"), build=_wizard, place="runs"),
    PageRow(key="preferences", icon="settings", title=N_("Preferences"), build=_preferences, bottom=True),
)
