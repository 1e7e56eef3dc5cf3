"""From a text file to a model of one's own: pretrain, tune, talk, export, all in the window."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QSlider, QWidget

from minimind.run_folder import RunFolder
from studio.store.records import Run
from studio.ui.chat.messages import Answer
from studio.ui.export_dialog import ExportDialog
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import Person, name_path
from tests.end_to_end.seeing import Painted
from tests.end_to_end.ways import (
    events_of,
    fill_settings,
    pretrain,
    start,
    wait_for_whole_curve,
    wait_until_read,
)

HAS_LLAMA = importlib.util.find_spec("llama_cpp") is not None
CHECKPOINT_FILES = {
    "manifest.json",
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "trainer.safetensors",
    "trainer.json",
}


def test_the_whole_way(open_studio: OpenStudio, pretrain_text: Path, chat_rows: Path) -> None:
    person = open_studio()
    base = pretrains(person, pretrain_text)
    looks_as_designed(base, pretrain_text)
    tunes(person, base, chat_rows)
    gets_an_answer(person, "你好")
    person.open_from_table("It answers")
    for storage, kind in (("F32", gguf.LlamaFileType.ALL_F32), ("F16", gguf.LlamaFileType.MOSTLY_F16)):
        person.click("Export GGUF…")
        file = exports(person, storage, kind)
        assert file.parent == base.folder.parents[1] / "exports"
        person.click("Close")
        assert person.front is person.window


@pytest.mark.gguf
@pytest.mark.skipif(not HAS_LLAMA, reason="llama-cpp-python is not installed")
def test_a_model_folder_becomes_a_file_to_talk_to(open_studio: OpenStudio, tmp_path: Path) -> None:
    folder = tmp_path / "from elsewhere"
    command = [sys.executable, "-m", "minimind", "new", "tiny", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    person = open_studio()
    person.go("Chat")
    with person.in_dialog(QFileDialog, lambda dialog: name_path(dialog, folder)):
        person.choose_from_menu("Choose a model", "Open a model folder…")
    stops_an_answer(person, "Once upon a time")
    person.choose_from_menu("More", "Export as GGUF…")
    file = exports(person, "F32", gguf.LlamaFileType.ALL_F32)
    assert person.sees("tokens")
    person.click("Chat with it")
    person.wait_for_button(re.compile(re.escape(file.stem)))
    gets_an_answer(person, "Long ago")


def pretrains(person: Person, file: Path) -> Run:
    """Wizard, run page, everything on it."""
    every = {"Save every": "20", "Measure held-out loss every": "20", "Let it speak every": "20"}
    with Painted() as painted:
        run = pretrain(person, file, steps=60, name="My first 模型", settings=every)
        assert person.state() in ("Queued", "Starting")
        person.wait(lambda: "Finished" in painted.texts, "the run to end")
    words = [word for word in painted.texts if word in ("Queued", "Starting", "Running", "Finished")]
    assert [word for word in words if word != "Queued"] == ["Starting", "Running", "Finished"]
    assert "The curve appears here after the first step" in painted.texts
    losses = wait_for_whole_curve(person)
    assert list(losses) == list(range(1, 61))
    body, look = person.run_page.body, person.run_page.appearance
    measured = {e.step: e.fields["val_loss"] for e in events_of(run) if e.kind == "eval"}
    person.wait(lambda: len(held_out_shown(person)) == len(measured), "all held-out dots")
    assert held_out_shown(person) == measured
    assert list(measured) == [0, 20, 40, 60]
    assert measured[60] < measured[0] - 0.5
    for token in ("curve1", "raw1", "curve2"):
        assert pixels(body.plot.plot, look.color(token)) > 20, token
    said = {e.step: e.fields["text"] for e in events_of(run) if e.kind == "sample"}
    person.wait(lambda: len(body.samples.shown()) == 4, "all samples")
    assert [sample.step for sample in body.samples.shown()] == [60, 40, 20, 0]
    assert list(said) == [0, 20, 40, 60]
    assert person.sees("It is trained: held-out loss")
    assert person.sees("step 60")
    return person.run


def looks_as_designed(run: Run, file: Path) -> None:
    """The run folder holds what DESIGN says."""
    folder = RunFolder(run.folder)
    assert run.folder.parts[-3:-1] == (run.project, "runs")
    names = {path.name for path in run.folder.iterdir() if not path.name.startswith(".")}
    wanted = {"job.json", "attempts", "events.jsonl", "hardware.jsonl", "state.json", "log.txt", "notes.json"}
    assert names - {"launch.json"} == {*wanted, "checkpoints"}
    job = json.loads(folder.job_file.read_text("utf-8"))
    assert (job["method"], job["model"]["preset"]) == ("pretrain", "tiny")
    assert job["data"] == [{"path": str(file), "weight": 1.0}]
    assert job["budget"]["steps"] == 60
    assert folder.read_notes().name == "My first 模型"
    assert [path.name for path in folder.attempts.iterdir()] == ["001.json"]
    events = events_of(run)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].kind == "done"
    assert events[-1].fields["status"] == "finished"
    assert folder.hardware_file.read_text("utf-8").count("\n") >= 1
    # the last two, of which one is the best
    assert [path.name for path in folder.step_folders()] == ["step-00000040", "step-00000060"]
    assert (folder.checkpoints / "last").read_text("utf-8").strip() == "step-00000060"
    assert {path.name for path in folder.step_folder(60).iterdir()} == CHECKPOINT_FILES
    assert list(run.folder.rglob("*.tmp")) == []


def tunes(person: Person, base: Run, rows: Path) -> Run:
    """Chat tuning from the run's page, the file by the file dialog."""
    person.click("Go on with chat tuning")
    person.wait(lambda: person.window.current_key == "wizard", "the wizard")
    person.pick_file("Choose files…", rows)
    wait_until_read(person)
    person.click("Next")
    fill_settings(person, steps=12, name="It answers")
    person.click("Next")
    assert person.sees("My first 模型")
    run = start(person)
    assert (run.method, person.run_page.header.title.text()) == ("sft", "It answers")
    person.wait_for_state("Finished")
    assert len(wait_for_whole_curve(person)) == 12
    attempt = json.loads((run.folder / "attempts" / "001.json").read_text("utf-8"))
    assert attempt["method"] == "sft"
    assert json.loads((run.folder / "job.json").read_text("utf-8"))["model"]["checkpoint"] == str(base.folder)
    person.click("Chat with it")
    return run


def asks(person: Person, question: str) -> None:
    """Type, send, wait for words."""
    person.wait(lambda: person.window.current_key == "chat", "the chat")
    person.type("Message", question)
    person.wait_for_button("Send")
    person.press("Return")
    person.wait(lambda: person.all(Answer), "an answer")


def answer(person: Person) -> str:
    """The words of the newest answer in sight."""
    answers = person.all(Answer)
    return answers[-1].body.text().strip() if answers else ""


def gets_an_answer(person: Person, question: str) -> None:
    """Words arrive, and an end; at rest so short a training often says nothing."""
    QTest.keyClick(person.find(QSlider, "Temperature"), Qt.Key.Key_End)
    asks(person, question)
    person.wait_for_button("Say it again")
    assert person.sees(question)
    assert answer(person)
    assert person.sees("first after")


def stops_an_answer(person: Person, question: str) -> None:
    """Words stream in until the person stops them; again gives another answer in its place."""
    length = person.find(QSlider, "Longest")
    QTest.keyClick(length, Qt.Key.Key_End)
    asks(person, question)
    person.wait(lambda: answer(person), "the first words")
    person.click("Stop")
    person.wait_for_button("Say it again")
    assert person.sees("stopped")
    QTest.keyClick(length, Qt.Key.Key_Home)
    person.press("Ctrl+R")
    person.wait(lambda: not person.sees("stopped"), "another answer")
    person.wait_for_button("Say it again")
    assert person.sees("16 tokens")


def exports(person: Person, storage: str, kind: gguf.LlamaFileType) -> Path:
    """The dialog, the job behind it, the file."""
    dialog = person.front
    assert isinstance(dialog, ExportDialog)
    person.click(re.compile(rf"^{storage}, "))
    person.click(re.compile(r"^Export \d"))
    person.wait_to_see("Exported")
    if HAS_LLAMA:
        assert person.sees("compared: of")
    file = next(Path(line) for text in person.texts() for line in text.splitlines() if line.endswith(".gguf"))
    reader = gguf.GGUFReader(file)
    assert reader.fields["general.file_type"].contents() == kind
    assert {tensor.name for tensor in reader.tensors} > {"token_embd.weight", "blk.0.attn_q.weight"}
    assert storage in file.name
    return file


def held_out_shown(person: Person) -> dict[int, float]:
    """Step → held-out loss as the plot has it."""
    xs, ys = person.run_page.body.plot.plot._dots
    return {round(x): y for x, y in zip(xs.tolist(), ys.tolist(), strict=True)}


def pixels(widget: QWidget, colour: QColor) -> int:
    """How many pixels of a widget's picture have about that colour: lines are drawn with antialias."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    bgr = data[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., :3].astype(int)
    wanted = (colour.blue(), colour.green(), colour.red())
    return int((np.abs(bgr - wanted).max(-1) <= 32).sum())
