from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from minimind.device import gpu
from minimind.doctor import Finding
from minimind.run_state import RunState
from studio.planning.first_model import stage_times
from studio.planning.what_fits import SHOWN, what_fits
from studio.ui.appearance import Appearance
from studio.ui.notifier import Notifier
from studio.ui.pages.home_page import HomePage
from studio.ui.pages.preferences_page import PreferencesPage
from studio.ui.pages.table import Tools
from tests.studio.ui.fake_runs import failed_run, make_run
from tests.studio.ui.fake_tools import FakeRuns, make_tools

GB = 2**30


@pytest.fixture
def tools(appearance: Appearance, tmp_path: Path) -> Tools:
    return make_tools(appearance, tmp_path)


@pytest.fixture
def page(tools: Tools, qtbot) -> HomePage:
    made = HomePage(tools.appearance, tools.navigator, tools.preferences, tools.runs, tools.system)
    qtbot.addWidget(made)
    made.resize(1200, 860)
    made.show()
    made.opened({})
    QApplication.processEvents()
    return made


# -- first start ---------------------------------------------------------------------------------------


def test_the_first_start_shows_doors_and_the_machine(page: HomePage) -> None:
    assert page.first_door.isVisible()
    assert page.own_door.isVisible()
    assert page.computer.isVisible()
    assert not page.small_first.isVisible()
    assert page.primary_action() is page.first_door.button
    assert "about" in page.first_door.button.text()


def test_the_first_door_asks_for_the_first_model_and_says_how_long(
    page: HomePage, tools: Tools, qtbot
) -> None:
    with qtbot.waitSignal(tools.navigator.first_model_requested):
        qtbot.mouseClick(page.first_door, Qt.MouseButton.LeftButton)
    assert page.first_door.facts.text().startswith("Pretrain ")
    assert page.first_door.facts.text().endswith("start to talk")


def test_doors_and_rows_lead_to_the_wizard(page: HomePage, tools: Tools, qtbot) -> None:
    asked: list[tuple[str, dict[str, object]]] = []
    tools.navigator.page_requested.connect(lambda key, request: asked.append((key, request)))
    qtbot.mouseClick(page.own_door.button, Qt.MouseButton.LeftButton)
    page.fits.row(0).setFocus()
    QTest.keyClick(page.fits.row(0), Qt.Key.Key_Space)
    assert asked == [("wizard", {}), ("wizard", {"method": "pretrain", "preset": "mini"})]


def test_a_full_disk_closes_the_first_door_and_says_why(page: HomePage, tools: Tools) -> None:
    full = Finding(code="disk_low", severity="error", noun="Disk", fact="Only 0.4 GB of disk is left.")
    tools.system.doctor_changed.emit([full])
    assert not page.first_door.button.isEnabled()
    assert page.first_door.button.toolTip() == full.fact
    assert page.verdict.text() == full.fact


@pytest.mark.parametrize(
    ("code", "severity", "begin"),
    [
        ("card", "ok", "This computer can train."),
        ("no_card", "note", "No NVIDIA card: the processor trains. The first model takes about "),
        ("driver_old", "warning", "Too old."),
    ],
)
def test_the_verdict(page: HomePage, tools: Tools, code: str, severity: str, begin: str) -> None:
    found = Finding(code=code, severity=severity, noun="Graphics card", fact="Too old.", command="mend it")
    tools.system.doctor_changed.emit([found])
    assert page.verdict.text().startswith(begin)
    assert page.mend.isVisible() == (severity == "warning")


def test_a_command_is_copied(page: HomePage, tools: Tools, qtbot) -> None:
    said: list[str] = []
    tools.navigator.toasted.connect(lambda toast: said.append(toast.text))
    qtbot.mouseClick(page.mend, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "sudo apt-get install -y nvidia-driver"
    assert len(said) == 1
    qtbot.mouseClick(page.computer.report, Qt.MouseButton.LeftButton)
    assert "Driver 535 is too old" in QApplication.clipboard().text()


def test_checking_again(page: HomePage, tools: Tools, qtbot) -> None:
    qtbot.mouseClick(page.computer.recheck, Qt.MouseButton.LeftButton)
    assert tools.system.rechecks == 1
    assert page.verdict.text() == "Checking…"
    assert page.first_door.button.isEnabled()


# -- later ---------------------------------------------------------------------------------------------


def test_later_it_shows_what_goes_on_what_failed_and_what_ended(page: HomePage, tools: Tools, qtbot) -> None:
    runs = tools.runs
    assert isinstance(runs, FakeRuns)
    running = runs.put(make_run(RunState.RUNNING, run_id="a", name="Going"))
    failed = runs.put(failed_run(run_id="b", name="Broken"))
    runs.put(make_run(RunState.FINISHED, run_id="c", name="Done"))
    assert [row.name.text() for row in page.later.going_on.rows()] == ["Going"]
    assert [row.name.text() for row in page.later.trouble.rows()] == ["Broken"]
    assert [row.name.text() for row in page.later.ended.rows()] == ["Done"]
    assert not page.first_door.isVisible()
    assert page.small_first.isVisible()
    opened: list[dict[str, object]] = []
    tools.navigator.page_requested.connect(lambda _key, request: opened.append(request))
    qtbot.mouseClick(page.later.going_on.rows()[0].name, Qt.MouseButton.LeftButton)
    assert opened == [{"run_id": running}]
    assert "Memory" in page.later.trouble.rows()[0].detail.text()
    runs.resume(failed)
    assert runs.calls == [("resume", failed, {})]


def test_the_doctor_can_be_looked_at_later_too(page: HomePage, tools: Tools) -> None:
    runs = tools.runs
    assert isinstance(runs, FakeRuns)
    runs.put(make_run(RunState.FINISHED))
    assert not page.computer.isVisible()
    page.opened({"show": "doctor"})
    assert page.computer.isVisible()


# -- what fits -------------------------------------------------------------------------------------------


def test_a_card_of_24_gb_trains_all_and_one_is_recommended() -> None:
    fits = what_fits(gpu(0, "NVIDIA GeForce RTX 3090", 24 * GB, 23 * GB), cny_per_hour=1.3, cny_per_kwh=0.6)
    assert [fit.preset for fit in fits] == list(SHOWN)
    assert all(fit.fits for fit in fits)
    assert sum(fit.recommended for fit in fits) == 1
    assert fits[0].seconds < fits[1].seconds < fits[3].seconds
    assert all(fit.cost == pytest.approx(fit.seconds / 3600 * 1.3) for fit in fits)


def test_a_small_card_says_what_does_not_fit() -> None:
    fits = what_fits(gpu(0, "tiny card", GB // 4, GB // 4), cny_per_hour=1.3, cny_per_kwh=0.6)
    assert not fits[-1].fits
    assert sum(fit.recommended for fit in fits) == 1


def test_a_card_makes_the_first_model_sooner() -> None:
    from minimind.device import cpu

    card = gpu(0, "NVIDIA GeForce RTX 3090", 24 * GB, 23 * GB)
    assert sum(s.seconds for s in stage_times(card)) < sum(s.seconds for s in stage_times(cpu()))


# -- messages of the desktop -----------------------------------------------------------------------------


def test_a_run_that_ended_unseen_is_told_once(tools: Tools, qtbot, page: HomePage) -> None:
    runs = tools.runs
    assert isinstance(runs, FakeRuns)
    told: list[tuple[str, str]] = []
    page.hide()
    runs.put(make_run(RunState.FINISHED, run_id="old"))
    run_id = runs.put(make_run(RunState.RUNNING, run_id="new", name="First"))
    Notifier(tools.appearance, tools.preferences, runs, page, show=lambda *words: told.append(words))
    runs.run_changed.emit("old")
    runs.change(run_id, state=RunState.FINISHED)
    runs.run_changed.emit(run_id)
    assert [title for title, _text in told] == ["First"]
    assert told[0][1].startswith("Finished: held-out loss ")
    tools.preferences.change(notify=False)
    runs.change(run_id, state=RunState.RUNNING)
    runs.change(run_id, state=RunState.FAILED)
    assert len(told) == 1


# -- preferences -----------------------------------------------------------------------------------------


def test_preferences_apply_at_once_and_are_saved(tools: Tools, qtbot) -> None:
    page = PreferencesPage(tools.appearance, tools.navigator, tools.preferences, tools.paths)
    qtbot.addWidget(page)
    page.resize(1100, 800)
    page.show()
    theme = page.forms["look"].field("theme")
    theme.setFocus()
    QTest.keyClick(theme, Qt.Key.Key_End)
    assert tools.preferences.current.theme == "dark"
    price = page.forms["training"].field("price_per_hour")
    price.selectAll()
    QTest.keyClicks(price, "2.5")
    assert tools.preferences.current.price_per_hour == 2.5
    price.selectAll()
    QTest.keyClicks(price, "-1")
    assert tools.preferences.current.price_per_hour == 2.5
    assert page.forms["training"].problems() != {}
    assert "dark" in tools.preferences.path.read_text("utf-8")


def test_every_preference_is_on_the_page(tools: Tools, qtbot) -> None:
    from studio.preferences import Preferences

    page = PreferencesPage(tools.appearance, tools.navigator, tools.preferences, tools.paths)
    qtbot.addWidget(page)
    shown = {name for form in page.forms.values() for name in form._rows}
    assert shown == set(Preferences.__dataclass_fields__)


def test_rows_appear_while_the_rest_is_being_checked(page: HomePage, tools: Tools, qtbot) -> None:
    qtbot.mouseClick(page.computer.recheck, Qt.MouseButton.LeftButton)
    disk = Finding(code="disk", severity="ok", noun="Disk", fact="412 GB are free.")
    tools.system.found_so_far.emit([disk])
    words = [label.text() for label in page.computer.area.widget().findChildren(QLabel)]
    assert "412 GB are free." in words
    assert "Checking…" in words
    assert page.first_door.button.isEnabled()
    tools.system.doctor_changed.emit([disk])
    words = [label.text() for label in page.computer.area.widget().findChildren(QLabel)]
    assert "Checking…" not in words


def test_what_is_dropped_is_opened(page: HomePage, tools: Tools, tmp_path: Path) -> None:
    asked: list[tuple[str, dict[str, object]]] = []
    tools.navigator.page_requested.connect(lambda key, request: asked.append((key, request)))
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")
    data = tmp_path / "rows.jsonl"
    data.write_text("{}")
    page._opener.take([str(model)])
    page._opener.take([str(data)])
    assert not page._opener.take([str(tmp_path)])
    assert asked == [("chat", {"checkpoint": str(model)}), ("wizard", {"data": [str(data)]})]


def test_a_full_disk_wants_to_be_looked_at_later_too(page: HomePage, tools: Tools) -> None:
    runs = tools.runs
    assert isinstance(runs, FakeRuns)
    runs.put(make_run(RunState.FINISHED, run_id="c", name="Done"))
    full = Finding(code="disk_low", severity="error", noun="Disk", fact="Only 0.4 GB of disk is left.")
    tools.system.doctor_changed.emit([full])
    assert page.later.trouble.isVisible()
    buttons = [row.text() for row in page.later.trouble.findChildren(QPushButton)]
    assert buttons == ["Look at the runs"]
    assert [button.text() for button in page.later.ended.rows()[0].findChildren(QPushButton)][-1] == "Export"


def test_many_changed_runs_are_shown_once(
    tools: Tools, qtbot, page: HomePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.show()
    shown: list[int] = []
    monkeypatch.setattr(page, "_show_runs", lambda: shown.append(1))
    for number in range(50):
        tools.runs.run_changed.emit(f"r{number}")
    qtbot.waitUntil(lambda: bool(shown))
    assert len(shown) == 1
