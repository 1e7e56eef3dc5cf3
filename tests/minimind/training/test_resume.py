"""What may happen between two attempts: other wishes, other files, a full disk, a stop in the middle."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from minimind.cli import main
from minimind.events import EventWriter
from minimind.files import NO_ROOM, verify_folder
from minimind.model import checkpoint_folder
from minimind.model.checkpoint import write_tensors
from minimind.run_folder import RunFolder
from minimind.training import loop
from minimind.training.control import Control
from tests.minimind.training.conftest import Shell, events_of
from tests.minimind.training.test_run import curve, weights

KILLED = -signal.SIGKILL


@pytest.fixture
def train(small: list[str], pretrain_text: Path) -> list[object]:
    """`train` with everything but --out and the length, and no samples."""
    return [
        "train",
        "--method",
        "pretrain",
        *small,
        "--data",
        pretrain_text,
        "--set",
        "sample_every=0",
        "--json",
    ]


def attempt(folder: Path, number: int) -> dict[str, Any]:
    """attempts/NNN.json."""
    return dict(json.loads(RunFolder(folder).attempt_file(number).read_text("utf-8")))


def until_a_step(process: Any, folder: Path) -> None:
    """Wait for the first update."""
    while not events_of(folder, "step"):
        assert process.poll() is None, process.communicate()[1]


def test_the_end_may_move_and_move_back(shell: Shell, train: list[object], tmp_path: Path):
    common = ["--out", "R", "--set", "save_every=2"]
    shell.run(*train, *common, "--steps", 6, status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@5=kill")
    longer = ["train", "R", "--resume", "--steps", 10, "--json"]
    shell.run(*longer, status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@5=kill")
    assert "step 8" in shell.refused("train", "R", "--resume", "--steps", 6)
    assert shell.run("train", "R", "--resume", "--steps", 9, "--json")["step"] == 9


def test_the_same_words_with_resume_go_on_as_before(shell: Shell, train: list[object], tmp_path: Path):
    words = [*train, "--steps", 6, "--set", "save_every=2"]
    shell.run(*words, "--out", "whole")
    shell.run(*words, "--out", "R", status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@5=kill")
    shell.run(*words, "--out", "R", "--resume")
    assert curve(tmp_path / "R") == curve(tmp_path / "whole")


def test_a_micro_batch_given_once_is_kept(shell: Shell, train: list[object], tmp_path: Path):
    shell.run(
        *train, "--out", "R", "--steps", 10, "--set", "save_every=2",
        status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@5=kill",
    )  # fmt: skip
    halved = ["train", "R", "--resume", "--set", "micro_batch=1", "--json"]
    shell.run(*halved, status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@3=kill")
    shell.run("train", "R", "--resume", "--json")
    assert [attempt(tmp_path / "R", number)["micro_batch"] for number in (1, 2, 3)] == [2, 1, 1]
    assert attempt(tmp_path / "R", 2)["overrides"] == {"micro_batch": 1}
    assert {"device", "dtype", "threads", "nproc", "versions"} <= attempt(tmp_path / "R", 3).keys()


def test_what_makes_another_run_is_refused(shell: Shell, train: list[object], pretrain_text: Path):
    shell.run(
        *train, "--out", "R", "--steps", 6, "--set", "save_every=2",
        status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@3=kill",
    )  # fmt: skip
    for change in (
        ["--seed", "7"],
        ["--val-data", pretrain_text],
        ["--tokenizer", "elsewhere"],
        ["--data", f"{pretrain_text}:2"],
        ["--model", "mini"],
    ):
        assert str(change[0]) in shell.refused("train", "R", "--resume", *change)


def test_the_base_model_may_go_away(
    shell: Shell, train: list[object], small: list[str], chat_rows: Path, tmp_path: Path
):
    shell.run(*train, "--out", "P", "--steps", 2)
    words = ["train", "--method", "sft", "--model", "P", *small[2:], "--data", chat_rows, "--out", "S"]
    process = shell.start(
        *words, "--steps", 100_000, "--set", "save_every=0", "--set", "eval_every=0", "--json"
    )
    until_a_step(process, tmp_path / "S")
    shutil.rmtree(tmp_path / "P")
    process.send_signal(signal.SIGTERM)
    result = json.loads(process.communicate(timeout=60)[0].splitlines()[-1])
    assert Path(result["checkpoint"]).name == f"step-{result['step']:08d}"
    more = result["step"] + 1
    assert shell.run("train", "S", "--resume", "--steps", more, "--json")["status"] == "finished"


def test_a_damaged_checkpoint_is_written_again(shell: Shell, train: list[object], tmp_path: Path):
    shell.run(
        *train, "--out", "R", "--steps", 6, "--set", "save_every=2", "--set", "keep_checkpoints=9",
        status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@5=kill",
    )  # fmt: skip
    damaged = RunFolder(tmp_path / "R").step_folders()[-1]
    content = bytearray((damaged / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (damaged / "model.safetensors").write_bytes(content)
    shell.run("train", "R", "--resume", "--json")
    assert verify_folder(damaged)


def test_a_full_disk_is_recognised_through_safetensors(tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="x") as caught:
            write_tensors({"x": torch.zeros(1 << 16)}, tmp_path / "x.safetensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno in NO_ROOM


def test_a_disk_without_room_is_waited_for(shell: Shell, train: list[object], tmp_path: Path):
    result = shell.run(
        *train, "--out", "R", "--steps", 2, "--set", "save_every=1",
        MINIMIND_FAILPOINTS="folder.after_fill@2=enospc",
    )  # fmt: skip
    assert result["status"] == "finished"
    assert [e["code"] for e in events_of(tmp_path / "R", "warning")] == ["no_room"]
    assert [e["step"] for e in events_of(tmp_path / "R", "checkpoint")] == [1, 2]


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_stop_in_the_middle_of_a_measurement_does_not_lose_it(
    call: int, shell: Shell, train: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = [*train, "--steps", 4, "--set", "eval_every=2", "--set", "save_every=0"]
    shell.run(*words, "--out", tmp_path / "whole", OMP_NUM_THREADS=str(torch.get_num_threads()))
    folder, real, calls = RunFolder(tmp_path / "R"), loop.measure, []

    def measure(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) != call:
            return real(*arguments, **named)
        folder.request("stop", attempt=1)
        return None

    monkeypatch.setattr(loop, "measure", measure)
    monkeypatch.setattr(Control, "listen", lambda self: None)
    assert main([*map(str, words), "--out", str(folder.path)]) == 0
    state = folder.read_state()
    assert state is not None
    assert (state.status.value, state.step) == ("stopped", [0, 2, 4][call - 1])
    assert main(["train", str(folder.path), "--resume"]) == 0
    evals = [(e["step"], e["val_loss"]) for e in events_of(folder.path, "eval")]
    assert [step for step, _loss in evals] == [0, 2, 4]
    assert [e["action"] for e in events_of(folder.path, "control")] == ["stop"]
    assert weights(folder.path) == weights(tmp_path / "whole")
    assert curve(folder.path) == curve(tmp_path / "whole")


def test_a_stop_before_the_first_step_is_acknowledged(shell: Shell, train: list[object], tmp_path: Path):
    shell.run(*train, "--out", "R", "--steps", 1)
    folder = RunFolder(tmp_path / "R")
    for path in folder.path.iterdir():
        if path.name != "job.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    identity = folder.request("stop", attempt=1)
    cold = str(tmp_path / "cold")
    assert shell.run("train", "R", "--json", MINIMIND_CACHE=cold)["status"] == "stopped"
    assert [e["id"] for e in events_of(folder.path, "control")] == [identity]
    assert shell.run("train", "R", "--resume", "--json", MINIMIND_CACHE=cold)["step"] == 1


def test_two_requests_at_one_tick_of_the_clock_are_both_heard(tmp_path: Path):
    folder = RunFolder(tmp_path)
    events = EventWriter(folder.events_file)
    control = Control(folder, events, 1)
    heard = []
    for action in ("pause", "resume"):
        folder.request(action, attempt=1)
        os.utime(folder.control_file, ns=(10**18, 10**18))
        heard += control.poll()
    events.close()
    assert heard == ["pause", "resume"]


def test_never_speak_means_never(shell: Shell, train: list[object], tmp_path: Path):
    shell.run(*train, "--out", "R", "--steps", 2)
    assert events_of(tmp_path / "R", "sample") == []


def test_bad_input_leaves_no_parent_folders(shell: Shell, train: list[object], tmp_path: Path):
    (tmp_path / "tok").mkdir()
    (tmp_path / "tok" / "tokenizer.json").write_text("{}")
    assert "tok" in shell.refused(*train, "--tokenizer", "tok", "--out", "a/b/R", "--steps", 1)
    assert not (tmp_path / "a").exists()


def test_whoever_holds_the_folder_is_named_without_resume_too(
    shell: Shell, train: list[object], tmp_path: Path
):
    process = shell.start(*train, "--out", "R", "--steps", 100_000)
    until_a_step(process, tmp_path / "R")
    assert f"process {process.pid}" in shell.refused(*train, "--out", "R", "--steps", 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_only_a_measured_checkpoint_is_the_best_one(shell: Shell, train: list[object], tmp_path: Path):
    words = [*train, "--out", "R", "--steps", 6, "--set", "save_every=2", "--set", "eval_every=0"]
    shell.run(*words, status=KILLED, MINIMIND_FAILPOINTS="loop.after_step@5=kill")
    folder = RunFolder(tmp_path / "R")
    assert folder.pointed("best") is None
    assert checkpoint_folder.resolve(folder.path).name == "step-00000004"
    shell.run("train", "R", "--resume", "--json")
    assert folder.pointed("best") == folder.pointed("last") == folder.step_folder(6)
