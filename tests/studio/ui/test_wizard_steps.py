"""The wizard's model and settings steps, and how it looks in every language, theme and size."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from minimind.job import Budget
from minimind.presets import PRESETS
from studio.planning.route import Step
from studio.ui.appearance import Appearance
from tests.studio.ui.clipping import clipped
from tests.studio.ui.wizard_kit import Scene, card, cpu, write_chat, write_text

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
MakeScene = Callable[..., Scene]

ROOT = Path(__file__).resolve().parents[3]


# -- model ---------------------------------------------------------------------------------------------


def test_chat_tuning_starts_from_the_latest_run(scene: Scene, tmp_path: Path) -> None:
    run = scene.put_run()
    chat = write_chat(tmp_path / "chat.jsonl")
    page = scene.begin()
    scene.click(page.steps[Step.WHAT].cards["sft"])  # type: ignore[attr-defined]
    assert page.plan.choices.checkpoint == "r1"
    page.data.add_paths([str(chat)])
    scene.read()
    page.go_to(Step.MODEL)
    view = page.steps[Step.MODEL]
    assert view.runs["r1"].isVisible()  # type: ignore[attr-defined]
    assert view.runs["r1"].isChecked()  # type: ignore[attr-defined]
    page.go_to(Step.REVIEW)
    scene.click(page.preview.start)
    [(_start, job, _name)] = scene.started()
    assert job.model.checkpoint == str(run.folder)
    assert job.model.preset is None


def test_a_run_page_can_ask_for_chat_tuning(scene: Scene, tmp_path: Path) -> None:
    scene.put_run()
    page = scene.begin(checkpoint="r1", method="sft")
    assert scene.at() is Step.DATA
    assert page.plan.config == PRESETS["mini"].config
    assert scene.says() == "Choose a data file"


def test_without_a_run_the_list_says_so_and_leads_on(scene: Scene) -> None:
    page = scene.begin()
    page.go_to(Step.MODEL)
    view = page.steps[Step.MODEL]
    scene.click(view.start_from.segment("checkpoint"))  # type: ignore[attr-defined]
    assert view._empty.isVisible()  # type: ignore[attr-defined]
    scene.click(view._empty.button)  # type: ignore[attr-defined]
    assert scene.at() is Step.WHAT


# -- settings ------------------------------------------------------------------------------------------


def test_the_length_in_passes_steps_or_minutes(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.type(page.settings.length, "3")
    assert page.plan.choices.budget == Budget(epochs=3)
    scene.click(page.settings.length_unit.segment("steps"))
    assert page.plan.choices.budget.steps is not None
    scene.type(page.settings.length, "200")
    assert page.plan.choices.budget == Budget(steps=200)
    assert page.preview.facts["steps"].value.text() == "200"
    scene.type(page.settings.length, "2.5")
    assert scene.says() == "Length of training: this must be a whole number"
    scene.click(page.settings.length_unit.segment("minutes"))
    scene.type(page.settings.length, "2.5")
    assert page.plan.choices.budget == Budget(minutes=2.5)
    assert page.preview.time.text() == "2 min"
    scene.click(page.settings._length.reset)
    assert page.plan.choices.budget == Budget()
    assert page.settings.length.text() == "1"


def test_automatic_says_what_it_means_here(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    field = page.settings.form.field("seq_len")
    assert isinstance(field, QLineEdit)
    assert field.placeholderText() == "automatic: 512"


def test_the_simple_form_has_five_to_seven_fields(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.settle()
    kinds = (QLineEdit, QPlainTextEdit, QComboBox)
    fields = [w for kind in kinds for w in page.settings.findChildren(kind) if w.isVisible()]
    assert 5 <= len(fields) <= 7


def test_values_survive_simple_and_the_header_counts_what_is_hidden(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.click(page.header.detail.segment("all"))
    scene.type(page.settings.form.field("clip"), "0.5")
    scene.type(page.settings.seed, "7")
    assert page.header.hidden_changes.text() == ""
    scene.click(page.header.detail.segment("simple"))
    assert page.header.hidden_changes.text() == "2 more changes are not shown"
    assert page.plan.choices.settings == {"clip": 0.5}
    assert page.plan.choices.seed == 7
    scene.click(page.header.detail.segment("all"))
    assert page.settings.form.field("clip").isVisible()


def test_a_device_can_be_chosen_where_there_are_several(scene_of: MakeScene, text_file: Path) -> None:
    scene = scene_of(devices=[card(), cpu()])
    page = scene.begin(preset="mini", data=[str(text_file)])
    assert page.preview.facts["device"].value.text() == "RTX 3090 · bf16"
    page._toggle_detail()
    page.go_to(Step.SETTINGS)
    labels = [page.settings.device.itemData(i) for i in range(page.settings.device.count())]
    assert labels == ["auto", "cuda:0", "cpu"]
    page.settings.device.setFocus()
    scene.key(Qt.Key.Key_Down)
    scene.key(Qt.Key.Key_Down)
    assert page.plan.choices.device == "cpu"
    assert page.preview.facts["device"].value.text() == "CPU · bf16"
    assert page.preview.memory_label.text() == "Memory"


def test_a_card_that_torch_cannot_use_is_not_offered(scene_of: MakeScene, text_file: Path) -> None:
    from minimind.doctor import Finding

    scene = scene_of(devices=[card(), cpu()])
    scene.tools.system.found = [  # type: ignore[attr-defined]
        Finding(code="driver_too_old", severity="warning", noun="Driver", fact="Too old.")
    ]
    page = scene.begin(preset="mini", data=[str(text_file)])
    assert page.preview.facts["device"].value.text() == "CPU · bf16"


# -- looks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["compact", "normal", "wide"])
def test_no_text_is_cut_off(
    scene_of: MakeScene, appearance: Appearance, tmp_path: Path, language: str, theme: str, size: str
) -> None:
    appearance.set(theme_choice=theme, language_choice=language)
    scene = scene_of(size=size, devices=[card(), cpu()])
    scene.put_run()
    good = write_text(tmp_path / "一个名字很长很长的数据文件 with many words.jsonl", 300, bad=[3, 7, 9])
    files = [str(good), str(tmp_path / "gone.jsonl")]
    page = scene.begin(
        method="pretrain", preset="minimind2-small", data=files, settings={"lr": 3e-4, "clip": 0.5}
    )
    for detail in ("simple", "all"):
        page._set_detail(detail)
        for step in Step:
            page.go_to(step)
            scene.settle()
            assert clipped(page) == [], (detail, step)
    scene.begin(method="sft", checkpoint="r1")
    page.go_to(Step.MODEL)
    scene.settle()
    assert clipped(page) == []


def test_large_text_still_fits(scene_of: MakeScene, appearance: Appearance, text_file: Path) -> None:
    appearance.set(text_size=130)
    scene = scene_of(size="wide")
    page = scene.begin(preset="mini", data=[str(text_file)])
    for step in Step:
        page.go_to(step)
        scene.settle()
        assert clipped(page) == [], step


def test_nothing_flashes_up_as_a_window_of_its_own(scene: Scene, text_file: Path) -> None:
    flashed: list[QWidget] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                flashed.append(watched)
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)
    try:
        page = scene.begin(preset="mini", data=[str(text_file), str(text_file.parent / "gone.jsonl")])
        scene.put_run()
        page._toggle_detail()
        for step in Step:
            page.go_to(step)
            scene.settle()
    finally:
        QApplication.instance().removeEventFilter(watch)
    assert flashed == []


def test_language_and_theme_change_live(scene: Scene, appearance: Appearance, tmp_path: Path) -> None:
    gone = tmp_path / "gone.jsonl"
    page = scene.begin(preset="mini", data=[str(gone)])
    page.go_to(Step.DATA)
    assert "is still" not in page.data._rows[str(gone)].problem.sentence.text()
    appearance.set(language_choice="zh", theme_choice="dark")
    scene.read()
    assert page.header.title.text() == "新建训练"
    assert page.preview.pill.text() == "有错误"
    assert scene.says() == "换一个文件"
    for step in Step:
        page.go_to(step)
        scene.settle()
        for widget in page.findChildren(QAbstractButton):
            text = widget.text()
            if widget.isVisible() and text:
                assert any("一" <= letter <= "鿿" for letter in text), text


def test_the_wizard_imports_no_torch() -> None:
    code = (
        "import sys; import studio.ui.wizard.wizard_page; "
        "sys.exit(sum(name.split('.')[0] == 'torch' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
