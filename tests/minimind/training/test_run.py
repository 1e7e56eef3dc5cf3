"""A run as a whole, from the command line: what it writes, how it ends, how it goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from tests.minimind.training.conftest import Shell, events_of

CURVE = ("step", "loss", "lr", "grad_norm", "tokens")


def weights(folder: Path) -> dict[str, bytes]:
    """The bits of the newest weights."""
    last = RunFolder(folder).pointed("last")
    assert last is not None
    return {name: t.numpy().tobytes() for name, t in load_file(last / "model.safetensors").items()}


def curve(folder: Path) -> list[dict[str, Any]]:
    """Every point that must not depend on interruptions."""
    steps = [{k: e[k] for k in CURVE} for e in events_of(folder, "step")]
    evals = [{k: e[k] for k in ("step", "val_loss", "bits_per_byte")} for e in events_of(folder, "eval")]
    return steps + evals


@pytest.fixture
def train(small: list[str], pretrain_text: Path) -> list[object]:
    """`train` with everything but --out and the length."""
    return ["train", "--method", "pretrain", *small, "--data", pretrain_text, "--json"]


def test_a_finished_run_has_learnt_and_says_so(shell: Shell, train: list[object], tmp_path: Path):
    result = shell.run(
        *train, "--out", "R", "--steps", 30, "--set", "eval_every=10", "--set", "sample_every=15"
    )
    folder = tmp_path / "R"
    assert result["status"] == "finished"
    assert result["step"] == 30
    assert Path(result["checkpoint"]) == folder / "checkpoints" / "step-00000030"
    evals = events_of(folder, "eval")
    assert [e["step"] for e in evals] == [0, 10, 20, 30]
    assert evals[-1]["val_loss"] == result["val_loss"] < evals[0]["val_loss"] - 0.5
    steps = events_of(folder, "step")
    assert [e["step"] for e in steps] == list(range(1, 31))
    assert result["tokens"] == steps[-1]["tokens"]
    assert {e["step"] for e in events_of(folder, "sample")} == {0, 15, 30}
    events = events_of(folder)
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    assert events[-1]["kind"] == "done"
    assert RunFolder(folder).read_state().status is RunState.FINISHED
    assert "finished at step 30" in (folder / "log.txt").read_text("utf-8")
    attempt = json.loads((folder / "attempts" / "001.json").read_text("utf-8"))
    assert attempt["plan"]["total_steps"] == 30


def test_resuming_a_finished_run_changes_nothing(shell: Shell, train: list[object], tmp_path: Path):
    first = shell.run(*train, "--out", "R", "--steps", 3)
    before = {p: p.read_bytes() for p in (tmp_path / "R").rglob("*") if p.is_file() and p.name != ".lock"}
    assert shell.run("train", "R", "--resume", "--json") == first
    after = {p: p.read_bytes() for p in (tmp_path / "R").rglob("*") if p.is_file() and p.name != ".lock"}
    assert before == after


@pytest.mark.parametrize(
    "point", ["loop.after_step@7", "folder.after_fill@1", "folder.after_rename@1", "replace.before_rename@9"]
)
def test_killed_and_resumed_is_bit_identical(point: str, shell: Shell, train: list[object], tmp_path: Path):
    common = ["--steps", 10, "--set", "save_every=4", "--set", "eval_every=5"]
    shell.run(*train, "--out", "whole", *common)
    shell.run(*train, "--out", "broken", *common, status=-signal.SIGKILL, MINIMIND_FAILPOINTS=f"{point}=kill")
    shell.run("train", "broken", "--resume", "--json")
    assert weights(tmp_path / "whole") == weights(tmp_path / "broken")
    assert curve(tmp_path / "whole") == curve(tmp_path / "broken")


def test_resume_at_every_step_is_bit_identical(shell: Shell, train: list[object], tmp_path: Path):
    common = ["--steps", 5, "--set", "save_every=1", "--set", "keep_checkpoints=10", "--set", "eval_every=2"]
    shell.run(*train, "--out", "R", *common)
    for step in range(1, 5):
        os.system(f"rm -rf {tmp_path}/S && cp -r {tmp_path}/R {tmp_path}/S")
        copy = RunFolder(tmp_path / "S")
        for path in copy.step_folders():
            if int(path.name[5:]) > step:
                os.system(f"rm -rf {path}")
        copy.state_file.unlink()
        shell.run("train", "S", "--resume", "--json")
        assert weights(tmp_path / "R") == weights(tmp_path / "S"), step
        assert curve(tmp_path / "R") == curve(tmp_path / "S"), step


def test_asking_for_samples_does_not_change_the_run(shell: Shell, train: list[object], tmp_path: Path):
    shell.run(*train, "--out", "quiet", "--steps", 6, "--set", "sample_every=0", "--set", "eval_every=0")
    shell.run(*train, "--out", "loud", "--steps", 6, "--set", "sample_every=1", "--set", "eval_every=1")
    assert weights(tmp_path / "quiet") == weights(tmp_path / "loud")


def test_sigterm_stops_and_saves(shell: Shell, train: list[object], tmp_path: Path):
    process = shell.start(
        *train, "--out", "R", "--steps", 100_000, "--set", "save_every=0", "--set", "eval_every=0"
    )
    folder = RunFolder(tmp_path / "R")
    while not any(b'"kind": "step"' in line for line in _lines(folder)):
        assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGTERM)
    out, _err = process.communicate(timeout=60)
    result = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert result["status"] == "stopped"
    assert Path(result["checkpoint"]).name == f"step-{result['step']:08d}"
    assert events_of(tmp_path / "R", "control")[-1]["action"] == "stop"


def test_control_pauses_resumes_saves_samples_and_stops(shell: Shell, train: list[object], tmp_path: Path):
    process = shell.start(
        *train, "--out", "R", "--steps", 100_000, "--set", "save_every=0", "--set", "eval_every=0"
    )
    folder = RunFolder(tmp_path / "R")

    def until(condition: Any) -> None:
        while not condition():
            assert process.poll() is None, process.communicate()[1]

    def ask(action: str) -> None:
        asking = shell.start("control", "R", action)
        assert asking.communicate()[0] == f"asked for {action}\n"
        until(lambda: any(e["action"] == action for e in events_of(tmp_path / "R", "control")))

    until(lambda: events_of(tmp_path / "R", "step"))
    ask("pause")
    until(lambda: folder.read_state().status is RunState.PAUSED)
    step = events_of(tmp_path / "R", "step")[-1]["step"]
    ask("save")
    until(lambda: events_of(tmp_path / "R", "checkpoint"))
    assert events_of(tmp_path / "R", "step")[-1]["step"] == step
    ask("sample")
    until(lambda: any(e["step"] == step for e in events_of(tmp_path / "R", "sample")))
    ask("resume")
    until(lambda: events_of(tmp_path / "R", "step")[-1]["step"] > step)
    ask("stop")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert "nothing runs in R" in shell.refused("control", "R", "stop")


def _lines(folder: RunFolder) -> list[bytes]:
    return folder.events_file.read_bytes().split(b"\n") if folder.events_file.exists() else []


def test_a_second_trainer_is_told_who_holds_the_folder(shell: Shell, train: list[object], tmp_path: Path):
    process = shell.start(*train, "--out", "R", "--steps", 100_000)
    while not any(b'"kind": "step"' in line for line in _lines(RunFolder(tmp_path / "R"))):
        assert process.poll() is None, process.communicate()[1]
    assert f"process {process.pid}" in shell.refused("train", "R", "--resume")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_minutes_decide_the_end_once(shell: Shell, train: list[object], tmp_path: Path):
    result = shell.run(*train, "--out", "R", "--minutes", "0.1")
    (schedule,) = events_of(tmp_path / "R", "schedule")
    assert result["status"] == "finished"
    assert result["step"] == schedule["total_steps"]
    assert schedule["decay_from"] < schedule["total_steps"]


def test_sft_goes_on_from_a_pretrained_run(
    shell: Shell, train: list[object], small: list[str], chat_rows: Path, tmp_path: Path
):
    shell.run(*train, "--out", "P", "--steps", 5)
    arguments = [*small[2:], "--data", chat_rows, "--json", "--steps", 10]
    result = shell.run("train", "--method", "sft", "--model", "P", "--out", "S", *arguments)
    assert result["status"] == "finished"
    evals = events_of(tmp_path / "S", "eval")
    assert evals[-1]["val_loss"] < evals[0]["val_loss"]
    assert result["bits_per_byte"] > 0


def test_accumulation_does_not_change_the_gradient(shell: Shell, train: list[object], tmp_path: Path):
    for rows in (1, 2, 4):
        shell.run(
            *train,
            "--out",
            f"m{rows}",
            "--steps",
            3,
            "--set",
            f"micro_batch={rows}",
            "--set",
            "precision=float32",
        )
    one, two, four = (events_of(tmp_path / f"m{rows}", "step") for rows in (1, 2, 4))
    for a, b, c in zip(one, two, four, strict=True):
        assert a["loss"] == pytest.approx(c["loss"], rel=1e-5)
        assert a["grad_norm"] == pytest.approx(b["grad_norm"], rel=1e-4)
        assert b["grad_norm"] == pytest.approx(c["grad_norm"], rel=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--method", "pretrian"], "pretrian"),
        (["--model", "minimind9"], "minimind9"),
        (["--data", "absent.jsonl"], "absent.jsonl"),
        (["--lr", "7"], "lr must be at most 0.1"),
        (["--set", "tempo=1"], "tempo"),
        (["--set", "log_every"], "log_every"),
        (["--steps", "5", "--epochs", "1"], "--steps and --epochs"),
        (["--steps", "-3"], "--steps must be a positive number"),
        (["--minutes", "nan"], "--minutes"),
        (["--device", "cuda:7"], "cuda:7"),
        (["--seq-len", "100000"], "seq_len"),
        (["--tokenizer", "nowhere"], "nowhere"),
        (["--nproc", "0"], "--nproc 0"),
        (["--seed", "-1"], "--seed"),
        (["--set", "precision=fp16"], "fp16"),
        (["--frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    change: list[str], words: str, shell: Shell, train: list[object], tmp_path: Path
):
    line = shell.refused(*train, "--out", "R", *change)
    assert words in line
    assert not (tmp_path / "R").exists()


def test_out_on_a_run_is_refused(shell: Shell, train: list[object]):
    shell.run(*train, "--out", "R", "--steps", 2)
    assert "--resume" in shell.refused(*train, "--out", "R", "--steps", 2)


def test_changed_data_is_refused_on_resume(shell: Shell, train: list[object], pretrain_text: Path):
    shell.run(
        *train,
        "--out",
        "R",
        "--steps",
        6,
        "--set",
        "save_every=2",
        status=-9,
        MINIMIND_FAILPOINTS="loop.after_step@5=kill",
    )
    pretrain_text.write_bytes(pretrain_text.read_bytes() + b'{"text": "one more"}\n')
    assert pretrain_text.name in shell.refused("train", "R", "--resume")


def test_a_refused_resume_leaves_a_stopped_run_stopped(
    shell: Shell, train: list[object], pretrain_text: Path, tmp_path: Path
):
    folder = RunFolder(tmp_path / "R")
    process = shell.start(*train, "--out", "R", "--steps", 100_000)
    while not any(b'"kind": "step"' in line for line in _lines(folder)):
        assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    whole = pretrain_text.read_bytes()
    pretrain_text.write_bytes(whole + b'{"text": "one more"}\n')
    assert "has changed since this run began" in shell.refused("train", "R", "--resume")
    state = folder.read_state()
    assert state is not None
    assert (state.status, state.attempt) == (RunState.STOPPED, 2)
    assert events_of(tmp_path / "R", "warning")[-1]["code"] == "data_changed"
    assert events_of(tmp_path / "R", "done")[-1]["status"] == "stopped"
    pretrain_text.unlink()
    assert pretrain_text.name in shell.refused("train", "R", "--resume")
    pretrain_text.write_bytes(whole)
    step = state.step
    assert shell.run("train", "R", "--resume", "--steps", step + 1, "--json")["step"] == step + 1


def test_an_automatic_interval_is_bounded_in_time(shell: Shell, train: list[object], tmp_path: Path):
    """With no time to lose every step is saved, unless a person said how often."""
    code = "import sys; from minimind.training import loop; loop.MOST_UNSAVED_S = 0.0; "
    code += "from minimind.cli import main; sys.exit(main(sys.argv[1:]))"
    for name, asked in (("auto", []), ("own", ["--set", "save_every=0"])):
        words = [*map(str, train), "--out", name, "--steps", "4", *asked]
        subprocess.run(
            [sys.executable, "-c", code, *words], cwd=tmp_path, check=True, env=shell.environment()
        )
    assert [event["step"] for event in events_of(tmp_path / "auto", "checkpoint")] == [1, 2, 3, 4]
    assert [event["step"] for event in events_of(tmp_path / "own", "checkpoint")] == [4]


def test_the_log_speaks_of_time_in_words_and_not_in_the_first_steps(
    shell: Shell, train: list[object], tmp_path: Path
):
    shell.run(*train, "--out", "R", "--steps", 24, "--set", "eval_every=0", "--set", "sample_every=0")
    steps = [line for line in (tmp_path / "R" / "log.txt").read_text().splitlines() if "  loss " in line]
    assert ["left" in line for line in steps] == [False] * 19 + [True] * 5
    assert all(re.search(r"about \d+ s left", line) for line in steps[19:])


@pytest.mark.parametrize(("steps", "minutes", "cut"), [(5, 60, False), (100_000, 0.08, True)])
def test_steps_with_minutes_at_most(
    shell: Shell, train: list[object], tmp_path: Path, steps: int, minutes: float, cut: bool
):
    shell.run(*train, "--out", "R", "--steps", 1)
    job = json.loads((tmp_path / "R" / "job.json").read_text())
    folder = RunFolder(tmp_path / "S")
    folder.path.mkdir()
    folder.job_file.write_text(json.dumps(job | {"budget": {"steps": steps, "minutes": minutes}}))
    result = shell.run("train", "S", "--json")
    schedules = events_of(tmp_path / "S", "schedule")
    assert result["status"] == "finished"
    assert len(schedules) == cut
    assert result["step"] == (schedules[0]["total_steps"] if cut else steps)
    assert result["step"] <= steps
    rates = [event["lr"] for event in events_of(tmp_path / "S", "step")]
    assert rates[-1] < max(rates) / 2 or not cut


@pytest.mark.parametrize("precision", ["bf16", "float32"])
def test_held_out_loss_of_a_run_is_what_loss_says_of_the_file(
    shell: Shell, train: list[object], tmp_path: Path, precision: str
):
    lines = (tmp_path / "pretrain.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "held.jsonl").write_bytes(b"".join(lines[:40]))
    length = ["--steps", 6, "--set", "eval_every=0", "--set", f"precision={precision}"]
    run = shell.run(*train, "--out", "R", "--val-data", "held.jsonl", *length)
    said = shell.run("loss", "R", "--data", "held.jsonl", "--json")
    assert said["nats_per_token"] == pytest.approx(run["val_loss"], rel=1e-7)
    assert said["bits_per_byte"] == pytest.approx(run["bits_per_byte"], rel=1e-7)


def test_a_damaged_checkpoint_is_passed_over_and_told(shell: Shell, train: list[object], tmp_path: Path):
    shell.run(
        *train,
        "--out",
        "R",
        "--steps",
        6,
        "--set",
        "save_every=2",
        status=-9,
        MINIMIND_FAILPOINTS="loop.after_step@5=kill",
    )
    damaged = RunFolder(tmp_path / "R").step_folders()[-1] / "model.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-5] ^= 1
    damaged.write_bytes(content)
    shell.run("train", "R", "--resume", "--json")
    (warning,) = [e for e in events_of(tmp_path / "R", "warning") if e["code"] == "damaged_checkpoint"]
    assert warning["params"]["damaged"] == damaged.parent.name
    assert events_of(tmp_path / "R", "start")[-1]["from_step"] == 2


def test_a_model_that_gives_no_numbers_fails_in_words(shell: Shell, train: list[object], tmp_path: Path):
    shell.run("new", "tiny", "big", "--json")
    (tmp_path / "big" / "manifest.json").unlink()
    path = tmp_path / "big" / "model.safetensors"
    huge = {name: t * 1e30 if "mlp" in name else t for name, t in load_file(path).items()}
    save_file(huge, path, metadata={"format": "pt"})
    words = [*train, "--model", "big", "--out", "R", "--steps", 9, "--set", "eval_every=1"]
    result = shell.run(*words, status=1)
    assert (result["status"], result["step"], result["val_loss"]) == ("failed", 5, None)
    assert [e["loss"] for e in events_of(tmp_path / "R", "step")] == [None] * 5
    assert {e["code"] for e in events_of(tmp_path / "R", "warning")} == {"non_finite"}
    assert events_of(tmp_path / "R")[-1]["kind"] == "done"
    state = RunFolder(tmp_path / "R").read_state()
    assert state is not None
    assert state.status is RunState.FAILED
    data = words[words.index("--data") + 1]
    assert shell.run("loss", "big", "--data", data, "--json")["nats_per_token"] is None
