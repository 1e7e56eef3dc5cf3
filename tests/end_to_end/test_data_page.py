"""Every messy file on the data page of the real window: read right, or one sentence; then the wizard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from minimind.data.formats import CheckReport, check
from minimind.data.problems import no_usable_row
from minimind.errors import BadInput
from studio.planning.file_report import FileState
from studio.ui.data.token_layout import Box
from studio.ui.data.token_view import TokenView
from studio.ui.pages.data_page import DataPage
from studio.ui.wizard.wizard_page import WizardPage
from tests.conftest import HAS_SHARED, SHARED
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import LEFT, Person, settle
from tests.end_to_end.test_messy_files import make_files


@pytest.fixture
def messy(tmp_path: Path) -> list[Path]:
    """The collected ones where they are, else a handful of our own."""
    if HAS_SHARED:
        return sorted((SHARED / "messy").iterdir())
    return make_files(tmp_path / "messy")


def data_page(person: Person) -> DataPage:
    """The data page in front."""
    page = person.window.current_page()
    assert isinstance(page, DataPage)
    return page


def expected(path: Path) -> tuple[CheckReport | None, str]:
    """What `data check` says of a file, and why it is refused."""
    try:
        report = check(path)
    except BadInput as error:
        return None, str(error)
    if not report.usable:
        first = report.problems[0] if report.problems else None
        return None, str(no_usable_row(path, None, first))
    return report, ""


def choose(person: Person, path: Path) -> None:
    """Click the file's row in the list."""
    page = data_page(person)
    files = page.files.list
    at = next(index for index, row in enumerate(files.rows()) if row.path == str(path))
    files.scrollTo(files.model().index(at, 0))
    settle()
    QTest.mouseClick(files.viewport(), LEFT, pos=files.visualRect(files.model().index(at, 0)).center())
    person.wait(lambda: page._path == str(path), f"{path.name} in sight")


def test_every_messy_file_reads_right_or_says_why(open_studio: OpenStudio, messy: list[Path]) -> None:
    person = open_studio()
    person.press("Ctrl+2")
    page = data_page(person)
    person.wait_to_see("Drop files here, or begin with the sample.")
    person.drop(page, messy)
    person.wait(lambda: len(page.files.list.rows()) == len(messy), "all files in the list")
    refused = 0
    for path in messy:
        report, sentence = expected(path)
        choose(person, path)
        person.wait(
            lambda: (now := page.report) is not None and now.state in (FileState.DONE, FileState.BAD),
            f"{path.name} counted",
        )
        if report is None:
            refused += 1
            person.wait_to_see(sentence)
            assert path.name in sentence
            assert not page.train.isEnabled()
            continue
        reads_right(person, path, report)
    assert refused


def reads_right(person: Person, path: Path, report: CheckReport) -> None:
    """Rows, skipped rows with their lines, and the first row in its three views."""
    page = data_page(person)
    person.click(re.compile("^What is trained$"))
    person.wait(lambda: page.preview.view is not None, f"a row of {path.name}")
    view, known = page.preview.view, page.report
    assert view is not None
    assert known is not None
    assert known.count is not None
    assert known.count.rows == report.rows, path.name
    lines = {problem.line for problem in known.count.problems}
    assert {problem.line for problem in report.problems} <= lines, path.name
    assert view.line not in lines
    drawn = "".join(box.shown for box in shown_boxes(page.preview.tokens))
    # half a character is never drawn as a box
    assert "\ufffd" not in drawn, path.name
    assert drawn
    if lines:
        first = min(lines)
        person.click(f"Line {first:,}")
        below = page.body.skipped_tab
        person.wait(
            lambda: below.text.isVisible() and below.heading.text() == f"Line {first:,}", "the skipped row"
        )
        page.body.open_tab("preview")
    person.click("Raw")
    # Qt gives spaces that do not break back as usual ones
    written = page.preview.raw.toPlainText()
    assert written.strip()
    assert view.raw.replace("\u00a0", " ").startswith(written), path.name


def shown_boxes(tokens: TokenView) -> list[Box]:
    """What is laid out."""
    layout = tokens._layout
    assert layout is not None
    return [box for line in layout.lines for box in line.boxes]


def test_from_the_sample_to_the_wizard_and_back(open_studio: OpenStudio) -> None:
    person = open_studio()
    person.go("Data")
    person.click("Use the sample")
    page = data_page(person)
    person.wait(lambda: page.report is not None and page.report.state is FileState.DONE, "the sample counted")
    person.wait(lambda: page.preview.view is not None, "its first row")
    person.press("J")
    person.wait(lambda: page.preview.view is not None and page.preview.view.number == 2, "the second row")
    path = page._path
    person.press("Ctrl+Enter")
    wizard = person.window.current_page()
    assert isinstance(wizard, WizardPage)
    assert [file.path for file in wizard.plan.choices.data] == [path]
    assert wizard.plan.choices.method == "pretrain"
    person.press("Ctrl+2")
    # what a person made is there again when the window is, and so are the counts
    assert data_page(person) is page
    page.files.list.setFocus(Qt.FocusReason.OtherFocusReason)
    person.press("Delete")
    person.wait(lambda: len(page.files.list.rows()) == 1, "one file less")
    person.click("Undo")
    person.wait(lambda: len(page.files.list.rows()) == 2, "the file again")
    assert Path(path).exists()


def test_a_table_is_converted_with_the_mouse(open_studio: OpenStudio, tmp_path: Path) -> None:
    table = tmp_path / "questions.csv"
    table.write_text("question,answer\nWho are you?,A small model.\nWhere?,Here.\n")
    person = open_studio()
    person.press("Ctrl+2")
    person.drop(data_page(person), [table])
    person.click(person.wait_for_button("How to convert"))
    person.click(person.wait_for_button("Write a new file"))
    page = data_page(person)
    person.wait(lambda: Path(page._path).name == "questions.jsonl", "the new file")
    person.wait(lambda: page.report is not None and page.report.state is FileState.DONE, "it counted")
    assert page.body.counts.values["usable"].text() == "2 rows"
    assert Path(page._path).parent.name == "data"
