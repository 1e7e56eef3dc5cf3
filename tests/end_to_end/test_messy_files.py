"""Every messy file through the wizard and the command line: read right, or refused in one clear sentence."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton

from minimind.events import read_events
from studio.ui.wizard.data_row import DataRow
from tests.conftest import HAS_SHARED, SHARED
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import Person
from tests.end_to_end.ways import add_files

ROOT = Path(__file__).resolve().parents[2]
CARDS = {"text": r"^Pretrain\.", "chat": r"^Chat tuning"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    rc: int
    stdout: str
    stderr: str

    def refused(self, file: Path) -> bool:
        """Exit 2 with one line that names the file; False for exit 0 with a quiet stderr."""
        assert self.rc in (0, 2), self.stderr
        assert "Traceback" not in self.stdout + self.stderr
        if self.rc == 2:
            assert len(self.stderr.splitlines()) == 1, self.stderr
            assert file.name in self.stderr
            return True
        assert self.stderr == ""
        return False

    @property
    def json(self) -> dict[str, object]:
        """The last line."""
        found = json.loads(self.stdout.splitlines()[-1])
        assert isinstance(found, dict)
        return found


RunAll = Callable[[list[list[str]]], list[Done]]


@pytest.fixture
def messy(tmp_path: Path) -> list[Path]:
    """The collected ones where they are, else a handful of our own."""
    if HAS_SHARED:
        return sorted((SHARED / "messy").iterdir())
    return make_files(tmp_path / "messy")


@pytest.fixture
def run_all() -> RunAll:
    """Runs commands, each in a process of its own."""

    def run(commands: list[list[str]]) -> list[Done]:
        lines = "".join(json.dumps(command) + "\n" for command in commands)
        done = subprocess.run(
            [sys.executable, "-m", "tests.end_to_end.many_commands"],
            input=lines,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [Done(**json.loads(line)) for line in done.stdout.splitlines()]

    return run


def test_check_train_and_wizard_agree(
    open_studio: OpenStudio, messy: list[Path], run_all: RunAll, tmp_path: Path
) -> None:
    ended = run_all([["data", "check", str(file), "--json"] for file in messy])
    checks = dict(zip(messy, ended, strict=True))
    found = {file: None if done.refused(file) else done.json for file, done in checks.items()}
    assert any(check is None for check in found.values())
    assert any(check and check["skipped"] for check in found.values())
    trains(found, run_all, tmp_path)
    person = open_studio()
    person.press("Ctrl+N")
    for kind, card in CARDS.items():
        person.click(re.compile("^What, "))
        person.click(re.compile(card))
        person.click(re.compile("^Data, "))
        for file, check in found.items():
            if check is None or check["kind"] == kind:
                shows(person, file, check, checks[file].stderr)


def trains(found: dict[Path, dict[str, object] | None], run_all: RunAll, tmp_path: Path) -> None:
    """`train` refuses what `check` refuses, in the same words, and says how many rows it skips."""
    short = ["--model", "tiny", "--steps", "1", "--seq-len", "64", "--tokens-per-step", "128", "--json"]
    rare = ["--set", "eval_every=0", "--set", "save_every=0", "--set", "sample_every=0"]
    outs = {file: tmp_path / f"run {number}" for number, file in enumerate(found)}
    commands = []
    for file, check in found.items():
        method = "sft" if check and check["kind"] == "chat" else "pretrain"
        commands.append(
            ["train", "--method", method, "--data", str(file), "--out", str(outs[file]), *short, *rare]
        )
    for (file, check), done in zip(found.items(), run_all(commands), strict=True):
        # rows that no method here can learn from are refused as a whole
        usable = check is not None and check["kind"] in CARDS
        assert done.refused(file) is not usable, file.name
        if not usable:
            assert not outs[file].exists()
            continue
        assert done.json["status"] == "finished"
        events = list(read_events(outs[file] / "events.jsonl"))
        told = [e.fields["params"] for e in events if e.fields.get("code") == "rows_skipped"]
        assert sum(params["count"] for params in told) == (check or {})["skipped"], file.name


def shows(person: Person, file: Path, check: dict[str, object] | None, refusal: str) -> None:
    """The wizard's data step says what `check` says."""
    add_files(person, [file])
    row = person.find(DataRow)
    start = person.window.current_page().preview.start  # type: ignore[attr-defined]
    assert row.name.text() == file.name
    if check is None:
        assert row.problem.isVisible()
        sentence = row.problem.sentence.text()
        assert sentence in refusal, file.name
        assert start.text() == "Choose another file"
    else:
        usable, skipped = int(str(check["usable"])), int(str(check["skipped"]))
        assert f"{usable:,} " in row.state.text(), (file.name, row.state.text())
        told = re.search(r"([0-9,]+) rows? skipped", row.state.text())
        assert (told.group(1) if told else "0") == f"{skipped:,}", (file.name, row.state.text())
        if skipped:
            shows_skipped(person, row, check)
        assert not row.problem.isVisible() or start.text() != "Choose another file"
    remove = next(b for b in row.findChildren(QAbstractButton) if b.accessibleName().startswith("Remove"))
    person.click(remove)


def shows_skipped(person: Person, row: DataRow, check: dict[str, object]) -> None:
    """Each skipped row with its line, all of them at a click."""
    problems = check["problems"]
    assert isinstance(problems, list)
    if row.more.isVisible():
        person.click(row.more)
    text = row.wrong.toPlainText() if row.wrong.isVisible() else row.first.text()
    for problem in problems:
        assert f"{row.name.text()}:{problem['line']}  {problem['message']}" in text


def make_files(folder: Path) -> list[Path]:
    """A byte-order mark, foreign encodings, wrong rows, a torn end, nothing at all."""
    folder.mkdir()
    rows = [{"text": f"第 {n} 行：春天来了，小草绿了。" * 3} for n in range(80)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    turns = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好，我在听。"}]
    chat = json.dumps({"conversations": turns}, ensure_ascii=False)
    content: dict[str, bytes] = {
        "bom and crlf.jsonl": b"\xef\xbb\xbf" + "\r\n".join(lines).encode(),
        "gb18030.jsonl": "\n".join(lines).encode("gb18030"),
        "utf16 😀.jsonl": "\n".join(lines).encode("utf-16"),
        "wrong rows.jsonl": "\n".join(
            [*lines[:40], "{", '{"txt": "x"}', '{"text": ""}', *lines[40:]]
        ).encode(),
        "torn.jsonl": "\n".join(lines).encode()[:-9],
        "chat.jsonl": "\n".join([chat] * 60 + ['{"conversations": [{"role": "user"}]}']).encode(),
        "plain.txt": "\n\n".join(row["text"] for row in rows).encode(),
        "empty.jsonl": b"",
        "binary.jsonl": bytes(range(256)) * 8,
        "table.csv": b"name,age\nx,1\ny,2\n",
    }
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return sorted(folder.iterdir())
