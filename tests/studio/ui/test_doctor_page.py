from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from minimind.doctor import Finding
from studio.desktop_entry import ICON_SIZES, DesktopEntry
from studio.services.desktop_service import DesktopService
from studio.ui.pages.doctor_page import DoctorPage
from studio.ui.preferences.menu_entry import MenuEntry
from tests.studio.ui.fake_tools import FINDINGS, FakeSystem
from tests.studio.ui.page_kit import Kit, delete


@pytest.fixture
def kit(qapp, tmp_path: Path) -> Kit:
    return Kit(qapp, tmp_path, language="en", theme="light")


@pytest.fixture
def page(kit: Kit, qtbot) -> Iterator[DoctorPage]:
    made = DoctorPage(kit.appearance, kit.navigator, FakeSystem())
    made.resize(1000, 700)
    made.show()
    yield made
    delete(made)


def test_each_finding_has_its_row_and_only_commands_have_a_button(page: DoctorPage) -> None:
    assert [row.finding for row in page.rows] == list(FINDINGS)
    assert [row.copy.isVisible() for row in page.rows] == [True, False, False, False]
    assert page.header.meta.text() == "1 suggestion"


def test_commands_and_report_are_copied(page: DoctorPage, kit: Kit) -> None:
    page.rows[0].copy.click()
    assert QGuiApplication.clipboard().text() == "sudo apt-get install -y nvidia-driver"
    page.report.click()
    report = QGuiApplication.clipboard().text()
    assert report.startswith("! Driver: Driver 535 is too old for PyTorch 2.13.")
    assert "$ sudo apt-get install" in report
    assert len(kit.toasts) == 2


def test_checking_again_says_so_until_it_is_done(page: DoctorPage) -> None:
    system = page._system
    page.primary_action().click()
    assert system.rechecks == 1
    assert page.header.meta.text() == "Checking…"
    assert not page.recheck.isEnabled()
    system.found = [Finding(code="card", severity="ok", noun="Graphics card", fact="It works now.")]
    system.doctor_changed.emit(system.found)
    assert page.header.meta.text() == "System ready"
    assert page.recheck.isEnabled()
    assert [row.finding.fact for row in page.rows] == ["It works now."]


def test_before_the_first_examination_there_is_nothing_to_copy(kit: Kit, qtbot) -> None:
    system = FakeSystem()
    system.found = None
    page = DoctorPage(kit.appearance, kit.navigator, system)
    page.show()
    assert page.header.meta.text() == "Checking…"
    assert not page.report.isEnabled()
    assert not page._card.isVisible()
    delete(page)


def test_the_program_goes_into_the_menu_and_out_again(kit: Kit, tmp_path: Path, qtbot) -> None:
    entry = DesktopEntry(tmp_path)
    service = DesktopService(entry)
    widget = MenuEntry(kit.appearance, kit.navigator, service)
    qtbot.addWidget(widget)
    with qtbot.waitSignal(service.done):
        widget.button.click()
    assert entry.is_there()
    for size in ICON_SIZES:
        png = tmp_path / f"icons/hicolor/{size}x{size}/apps/minimind-studio.png"
        assert png.read_bytes().startswith(b"\x89PNG")
    assert widget.button.text() == "Take it out of the applications menu"
    with qtbot.waitSignal(service.done):
        kit.toasts[-1].action()
    assert not entry.is_there()
    assert widget.button.text() == "Add to the applications menu"
    service.close()


def test_a_menu_that_cannot_be_written_is_one_sentence(kit: Kit, tmp_path: Path, qtbot) -> None:
    (tmp_path / "file").touch()
    service = DesktopService(DesktopEntry(tmp_path / "file"))
    widget = MenuEntry(kit.appearance, kit.navigator, service)
    qtbot.addWidget(widget)
    with qtbot.waitSignal(service.problem):
        widget.button.click()
    assert kit.toasts[-1].tone == "danger"
    service.close()
