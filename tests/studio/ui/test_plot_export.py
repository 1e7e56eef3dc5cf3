"""A plot as a file: the light theme, twice the pixels, with title and legend."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.ui import theme
from studio.ui.run.plot_export import HEIGHT, RATIO, WIDTH
from studio.ui.run.plot_files import PlotFiles
from studio.ui.run.plot_panel import PlotPanel
from tests.studio.ui.fake_runs import FakeRunService, make_run
from tests.studio.ui.page_kit import Kit, delete


class Scene:
    def __init__(self, qtbot: QtBot, kit: Kit) -> None:
        self.kit, self.fake = kit, make_run(card=False)
        self.runs = FakeRunService()
        self.runs.put(self.fake)
        self.panel = PlotPanel(kit.appearance, self.runs)
        self.panel.resize(800, 500)
        self.panel.show()
        qtbot.waitExposed(self.panel)
        self.panel.watch(self.fake.record)
        self.settle()
        self.panel.show_run(self.fake.record, self.fake.events, self.fake.phases)
        self.settle()
        self.files = PlotFiles(self.panel, self.runs, kit.navigator, kit.memory, self.panel)

    def settle(self) -> None:
        for _ in range(4):
            QApplication.processEvents()

    def save(self, path: Path) -> Path:
        self.files.save(path, path.suffix[1:], self.fake.record, "Pretrain · tiny")
        return path


@pytest.fixture
def scene(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(qtbot, Kit(qapp, tmp_path, language="en", theme="dark"))
    yield made
    delete(made.panel)


def colours(image: QImage) -> set[str]:
    found = set()
    for y in range(0, image.height(), 1):
        for x in range(0, image.width(), 3):
            found.add(image.pixelColor(x, y).name().upper())
    return found


def test_a_picture_is_light_and_sharp_whatever_the_window_wears(scene: Scene, tmp_path: Path) -> None:
    image = QImage(str(scene.save(tmp_path / "curve.png")))
    assert (image.width(), image.height()) == (RATIO * WIDTH, RATIO * HEIGHT)
    found = colours(image)
    light = theme.LIGHT
    for token in ("surface", "curve1", "raw1", "curve2", "curve3", "grid"):
        assert light.hex(token).upper() in found, token
    assert theme.DARK.hex("surface").upper() not in found
    assert scene.kit.toasts[-1].text == "The plot is saved: curve.png"


def test_a_drawing_has_title_legend_and_curves(scene: Scene, tmp_path: Path) -> None:
    text = scene.save(tmp_path / "curve.svg").read_text("utf-8")
    assert text.startswith("<?xml")
    for words in (
        scene.fake.record.name,
        "Pretrain · tiny",
        "Training loss, smoothed",
        "Held-out loss",
        "CPU",
    ):
        assert words in text, words
    assert text.count("<polyline") + text.count("<path") > 5


def test_the_stretch_in_sight_is_what_is_drawn_and_written(scene: Scene, tmp_path: Path) -> None:
    asked = []

    def export(run_id: str, path: Path, *, x: str, lo: float | None, hi: float | None, done: object) -> None:
        asked.append((run_id, path, x, lo, hi))

    scene.runs.export_curves = export  # type: ignore[method-assign]
    scene.save(tmp_path / "all.csv")
    scene.panel.plot.mapping.view.show(500, 1000)
    scene.panel.plot._moved()
    scene.save(tmp_path / "some.csv")
    assert [item[2:] for item in asked] == [("step", None, None), ("step", 500.0, 1000.0)]
    svg = scene.save(tmp_path / "some.svg").read_text("utf-8")
    assert ">600<" in svg
    assert ">2,000<" not in svg


def test_lanes_can_be_left_out(scene: Scene) -> None:
    assert scene.panel.plot.lanes.shown
    scene.panel.set_options(dataclasses.replace(scene.panel.popup.options, lanes=False))
    assert not scene.panel.plot.lanes.shown
    assert not scene.panel.note.isVisible()


def test_the_popup_offers_the_three_kinds(scene: Scene, qtbot: QtBot) -> None:
    scene.panel.popup.open_below(scene.panel.options_button)
    for kind in ("png", "svg", "csv"):
        with qtbot.waitSignal(scene.panel.export_wanted) as wanted:
            scene.panel.popup.exports[kind].click()
        assert wanted.args == [kind]
    assert not scene.panel.popup.isVisible()
