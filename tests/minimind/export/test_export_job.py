"""An export as a job: folder, events, states."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minimind.errors import BadInput
from minimind.events import Event, read_events
from minimind.export.exporter import ExportRequest
from minimind.export.job import execute
from minimind.job import KIND_EXPORT, JobSpec
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from tests.helpers.checkpoints import make_checkpoint

ROOT = Path(__file__).resolve().parents[3]


def make_job(tmp_path: Path, **wanted: Any) -> RunFolder:
    request = ExportRequest(
        checkpoint=str(make_checkpoint(tmp_path / "ck")), out=tmp_path / "m.gguf", quant="Q8_0", **wanted
    )
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    JobSpec(run_id="run", kind=KIND_EXPORT, work=request.to_work("gguf")).save(folder.job_file)
    return folder


def events(folder: RunFolder) -> list[Event]:
    return list(read_events(folder.events_file))


def test_the_request_survives_job_json(tmp_path: Path) -> None:
    request = ExportRequest(checkpoint="/a", out=tmp_path / "b", dtype="f32", check=True, name="小舟")
    work = json.loads(json.dumps(request.to_work("gguf")))
    assert work["format"] == "gguf"
    assert ExportRequest.from_work(work) == request


def test_it_ends_finished_with_a_result(tmp_path: Path) -> None:
    folder = make_job(tmp_path)
    result = execute(folder, resume=False, quiet=True)
    state, told = folder.read_state(), events(folder)
    assert result.exit_status == 0
    assert state is not None
    assert state.status is RunState.FINISHED
    assert told[0].kind == "start"
    assert told[-1].kind == "done"
    assert told[-1].fields["result"]["path"] == str(tmp_path / "m.gguf")
    assert any(event.kind == "progress" and event.fields["phase"] == "save" for event in told)
    assert result.values["size_bytes"] == (tmp_path / "m.gguf").stat().st_size


def test_a_finished_one_is_not_done_again(tmp_path: Path) -> None:
    folder = make_job(tmp_path)
    first = execute(folder, resume=False, quiet=True)
    count = len(events(folder))
    assert execute(folder, resume=True, quiet=True).values == first.values
    assert len(events(folder)) == count


def test_bad_input_is_written_down(tmp_path: Path) -> None:
    folder = make_job(tmp_path)
    (tmp_path / "m.gguf").write_text("dear")
    with pytest.raises(BadInput, match="no GGUF file"):
        execute(folder, resume=False, quiet=True)
    told = events(folder)
    assert [event.kind for event in told[-2:]] == ["error", "done"]
    assert told[-1].fields["status"] == "failed"
    state = folder.read_state()
    assert state is not None
    assert state.status is RunState.FAILED
    (tmp_path / "m.gguf").unlink()
    assert execute(folder, resume=True, quiet=True).exit_status == 0


def test_a_stop_that_was_asked_for_ends_it_and_leaves_no_file(tmp_path: Path) -> None:
    folder = make_job(tmp_path)
    folder.request("stop", attempt=1)
    result = execute(folder, resume=False, quiet=True)
    assert (result.exit_status, result.values["status"]) == (0, "stopped")
    assert not (tmp_path / "m.gguf").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ck", "run"]


def test_it_is_a_kind_of_run(tmp_path: Path) -> None:
    folder = make_job(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "minimind", "run", str(folder.path), "--json"],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "finished"
