"""The worker as a real process: JSON lines in, JSON lines out, nothing else, and no life after its window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minimind.chat import llama
from minimind.export.exporter import ExportRequest
from minimind.export.gguf import GGUFExporter
from tests.helpers.checkpoints import make_run

ROOT = Path(__file__).resolve().parents[3]


class Worker:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "minimind", "chat-worker"],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.noise = ""
        self._drain = threading.Thread(target=self._read_noise)
        self._drain.start()

    def _read_noise(self) -> None:
        assert self.process.stderr is not None
        self.noise = self.process.stderr.read()

    def say(self, **request: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.noise
        return dict(json.loads(line))

    def hear_until(self, *kinds: str) -> list[dict[str, Any]]:
        heard = [self.hear()]
        while heard[-1]["event"] not in kinds:
            heard.append(self.hear())
        return heard

    def load(self, path: Path) -> dict[str, Any]:
        self.say(do="load", id=1, path=str(path), device="cpu", threads=1, precision="float32")
        return self.hear_until("loaded", "failed")[-1]

    def end(self) -> int:
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self._drain.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    assert made.hear() == {"event": "ready"}
    yield made
    made.end()


ASK = {"do": "ask", "messages": [{"role": "user", "content": "你好"}], "temperature": 0.8, "top_p": 0.9}


def test_a_question_is_answered_piece_by_piece(tmp_path: Path, worker: Worker) -> None:
    loaded = worker.load(make_run(tmp_path / "run").path)
    assert loaded["model"]["label"] == "run"
    worker.say(**ASK, id=2, seed=3, max_new_tokens=12)
    *pieces, finished = worker.hear_until("finished", "failed")
    assert {piece["event"] for piece in pieces} == {"token"}
    assert [piece["id"] for piece in pieces] == [2] * len(pieces)
    assert finished["stats"]["tokens"] == pieces[-1]["tokens"] <= 12
    text = "".join(piece["text"] for piece in pieces)
    worker.say(**ASK, id=3, seed=3, max_new_tokens=12)
    *again, _finished = worker.hear_until("finished", "failed")
    assert "".join(piece["text"] for piece in again) == text != ""


@pytest.mark.gguf
@pytest.mark.skipif(not llama.installed(), reason="llama-cpp-python is not installed")
def test_gguf_files_answer_without_torch(tmp_path: Path, worker: Worker) -> None:
    request = ExportRequest(checkpoint=str(make_run(tmp_path / "run").path), out=tmp_path / "m.gguf")
    GGUFExporter().export(request, lambda done, total: None)
    assert worker.load(tmp_path / "m.gguf")["model"]["engine"] == "gguf"
    worker.say(**ASK, id=2, max_new_tokens=5)
    assert worker.hear_until("finished", "failed")[-1]["event"] == "finished"
    maps = Path(f"/proc/{worker.process.pid}/maps")
    if maps.exists():
        assert "libtorch" not in maps.read_text()


def test_stop_ends_a_long_answer_and_one_that_waits(tmp_path: Path, worker: Worker) -> None:
    worker.load(make_run(tmp_path / "run", method="pretrain").path)
    worker.say(do="continue", id=2, text="春天", max_new_tokens=2000, temperature=1.5, top_p=1.0)
    worker.say(do="continue", id=3, text="春天", max_new_tokens=2000, temperature=1.5, top_p=1.0)
    worker.hear()
    worker.say(do="stop", id=3)
    worker.say(do="stop", id=2)
    ends = [worker.hear_until("finished")[-1] for _ in range(2)]
    assert [end["stats"]["reason"] for end in ends] == ["stopped", "stopped"]
    assert ends[0]["stats"]["tokens"] < 1900
    assert ends[1]["stats"]["tokens"] == 0


def test_what_goes_wrong_is_one_sentence(tmp_path: Path, worker: Worker) -> None:
    worker.say(**ASK, id=1)
    assert worker.hear()["code"] == "no_model"
    failed = worker.load(tmp_path / "nowhere")
    assert (failed["event"], failed["id"]) == ("failed", 1)
    assert "nowhere" in failed["message"]
    worker.load(make_run(tmp_path / "run").path)
    worker.say(do="ask", id=4, messages=[{"role": "user", "content": "长" * 9000}])
    assert worker.hear()["code"] == "too_long"
    worker.say(do="ask", id=5, messages=[], temperature="hot")
    assert worker.hear()["event"] == "failed"


def test_rubbish_is_skipped(worker: Worker) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.write('hello\n[1, 2]\n{"do": "dance"}\n{"do":\n')
    worker.say(do="info")
    assert worker.hear() == {"event": "info", "model": None, "stats": None}


def test_it_ends_with_its_window_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    worker = Worker()
    worker.hear()
    worker.load(make_run(tmp_path / "run", method="pretrain").path)
    worker.say(do="continue", id=2, text="春天", max_new_tokens=100_000, temperature=1.5, top_p=1.0)
    worker.hear()
    assert worker.end() == 0


def test_a_new_model_takes_the_place_of_the_old(tmp_path: Path, worker: Worker) -> None:
    worker.load(make_run(tmp_path / "a").path)
    assert worker.load(make_run(tmp_path / "b").path)["model"]["label"] == "b"
    worker.say(do="threads", threads=2)
    worker.say(do="info")
    assert worker.hear()["model"]["label"] == "b"
