from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import pytest

from minimind.events import Event
from minimind.messages import MESSAGES, translated
from minimind.run_folder import KILL, Notes, ProcessIdentity, RunFolder, State
from minimind.run_state import ACTIVE, FINAL, RunState
from studio.jobs.follow import Evidence, gather, judge, look, plain
from studio.jobs.launch import Launch, read_launch
from studio.store.runs import View
from studio.store.summary import Summary

GONE = ProcessIdentity(pid=999_999_999, start_ticks=5.0, host="here", boot_id="b")


def me() -> ProcessIdentity:
    found = ProcessIdentity.of(os.getpid())
    assert found is not None
    return found


def state_of(status: RunState, process: ProcessIdentity = GONE, **changes) -> State:
    return State(
        status=status,
        pid=process.pid,
        start_ticks=process.start_ticks,
        host=process.host,
        boot_id=process.boot_id,
        attempt=changes.pop("attempt", 1),
        **changes,
    )


def evidence(state: State | None = None, launch: Launch | None = None, **changes) -> Evidence:
    silent = launch is not None and not launch.has_spoken(state)
    values = {"is_silent": silent, "alive": False, "attempt": 1, "requests": (), **changes}
    return Evidence(state=state, launch=launch, **values)


def summary_of(*events: tuple[str, dict]) -> Summary:
    summary = Summary()
    for kind, fields in events:
        summary.take(Event(kind=kind, seq=1, t=1000.0, fields=fields))
    return summary


STARTED = ("start", {"attempt": 1, "from_step": 0})
STEPS = (STARTED, ("step", {"step": 7, "loss": 1.0}))


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_a_living_process_is_what_it_says(status):
    assert judge(evidence(state_of(status), alive=True), Summary()).state is status


@pytest.mark.parametrize("status", sorted(FINAL - {RunState.LOST}))
def test_the_last_word_of_a_process_stands(status):
    assert judge(evidence(state_of(status)), Summary()).state is status


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_work_without_a_process_is_lost(status):
    verdict = judge(evidence(state_of(status)), summary_of(*STEPS))
    assert verdict.state is RunState.LOST
    assert verdict.error is not None
    assert verdict.error.params["step"] == 7


@pytest.mark.parametrize("status", ["finished", "stopped", "failed"])
def test_done_counts_though_the_state_was_not_written_any_more(status):
    summary = summary_of(*STEPS, ("error", {"code": "crashed", "params": {}}), ("done", {"status": status}))
    verdict = judge(evidence(state_of(RunState.RUNNING)), summary)
    assert verdict.state is RunState(status)
    assert (verdict.error is not None) == (status == "failed")


def test_done_of_an_earlier_attempt_does_not_count():
    summary = summary_of(*STEPS, ("done", {"status": "stopped"}))
    state = state_of(RunState.STARTING, attempt=2)
    assert judge(evidence(state, attempt=2), summary).state is RunState.LOST


def test_force_reads_as_stopped():
    verdict = judge(evidence(state_of(RunState.RUNNING), requests=(("i", KILL),)), summary_of(*STEPS))
    assert (verdict.state, verdict.forced, verdict.error) == (RunState.STOPPED, True, None)


def test_no_state_is_queued():
    assert judge(evidence(), Summary()).state is RunState.QUEUED


def test_taken_out_of_the_queue_before_it_began():
    assert judge(evidence(requests=(("i", "stop"),)), Summary()).state is RunState.STOPPED


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_resume_that_waits_is_queued(status):
    assert judge(evidence(state_of(status), position=2), Summary()).state is RunState.QUEUED


def launch_of(process: ProcessIdentity | None = GONE, **changes) -> Launch:
    return Launch(**{"t": time.time(), "attempt": 1, "process": process, **changes})


def test_started_and_not_heard_of_yet():
    assert judge(evidence(None, launch_of(), alive=True), Summary()).state is RunState.STARTING
    # in the queue's list a moment longer
    found = evidence(None, launch_of(), alive=True, position=1)
    assert judge(found, Summary()).state is RunState.STARTING


@pytest.mark.parametrize(
    ("code", "expected", "error"),
    [
        (-9, RunState.LOST, "lost_killed"),
        (-11, RunState.LOST, "lost_fault"),
        (2, RunState.FAILED, "not_started"),
        (1, RunState.FAILED, "not_started"),
        (None, RunState.LOST, "lost_early"),
    ],
)
def test_ended_before_it_could_speak(code, expected, error):
    verdict = judge(evidence(None, launch_of(exit_code=code)), Summary(), ("--data x: no such file", ""))
    assert verdict.state is expected
    assert verdict.error is not None
    assert verdict.error.code == error
    if error == "not_started":
        assert "no such file" in verdict.error.message


def test_could_not_even_be_started():
    verdict = judge(evidence(None, launch_of(None, problem="no such program")), Summary())
    assert verdict.state is RunState.FAILED
    assert verdict.error is not None
    assert "no such program" in verdict.error.message


def test_stopped_before_it_could_speak():
    found = evidence(None, launch_of(exit_code=0), requests=(("i", "stop"),))
    assert judge(found, Summary()).state is RunState.STOPPED


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (-signal.SIGKILL, "lost_killed"),
        (-signal.SIGBUS, "lost_file_cut"),
        (-signal.SIGSEGV, "lost_fault"),
        (-signal.SIGHUP, "lost_signal"),
        (-99, "lost_signal"),
        (3, "lost_with_status"),
        (0, "lost_quietly"),
        (None, "lost"),
    ],
)
def test_each_death_has_its_own_sentence(code, error):
    state = state_of(RunState.RUNNING)
    launch = launch_of(exit_code=code, before=(1, 1.0))
    verdict = judge(evidence(state, launch), summary_of(*STEPS))
    assert verdict.state is RunState.LOST
    assert verdict.error is not None
    assert verdict.error.code == error
    text, advice = translated(error, verdict.error.params, "")
    assert text == verdict.error.message
    assert "{" not in text
    assert advice
    assert error in MESSAGES


def test_the_exit_of_another_process_is_no_reason():
    other = replace(GONE, pid=GONE.pid - 1)
    launch = launch_of(other, exit_code=-9, before=(1, 1.0))
    verdict = judge(evidence(state_of(RunState.RUNNING), launch), summary_of(*STEPS))
    assert verdict.error is not None
    assert verdict.error.code == "lost"


def test_a_failure_says_what_its_error_event_says():
    error = {"code": "non_finite", "params": {"step": 7}, "message": "NaN", "advice": "half"}
    verdict = judge(evidence(state_of(RunState.FAILED)), summary_of(*STEPS, ("error", error)))
    assert verdict.error is not None
    assert verdict.error.code == "non_finite"
    assert verdict.error.message == "NaN"


def test_a_failure_without_an_error_event_shows_the_log():
    verdict = judge(evidence(state_of(RunState.FAILED)), Summary(), ("KeyError: 'x'", ""))
    assert verdict.error is not None
    assert "KeyError" in verdict.error.message


# -- gathering ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    return RunFolder(tmp_path)


def test_gather_an_untouched_folder(folder):
    found = gather(folder)
    assert (found.state, found.launch, found.alive, found.attempt) == (None, None, False, 0)


def test_gather_a_stop_before_the_first_attempt(folder):
    folder.request("stop", attempt=1)
    assert judge(gather(folder), Summary()).state is RunState.STOPPED
    folder.withdraw(attempt=1)
    assert judge(gather(folder), Summary()).state is RunState.QUEUED


def test_gather_a_living_trainer(folder):
    folder.write_state(state_of(RunState.RUNNING, me(), attempt=3))
    folder.request("save", attempt=3)
    folder.request("stop", attempt=3)
    found = gather(folder)
    assert (found.alive, found.attempt, [a for _, a in found.requests]) == (True, 3, ["save", "stop"])


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"boot_id": "before"}, {"start_ticks": 1.0}])
def test_gather_a_pid_that_is_somebody_else(folder, change):
    folder.write_state(state_of(RunState.RUNNING, replace(me(), **change)))
    assert not gather(folder).alive


def test_a_launch_is_silent_until_the_state_names_another_process(folder):
    old = state_of(RunState.STOPPED)
    folder.write_state(old)
    launch_of(me(), attempt=2, before=(old.pid, old.start_ticks)).save(folder)
    found = gather(folder)
    assert (found.is_silent, found.alive, found.attempt) == (True, True, 2)
    folder.write_state(state_of(RunState.STARTING, me(), attempt=2))
    found = gather(folder)
    assert (found.is_silent, found.alive, found.attempt) == (False, True, 2)


def test_a_second_trainer_that_was_turned_away_does_not_hide_the_first(folder):
    running = state_of(RunState.RUNNING, me())
    folder.write_state(running)
    launch_of(GONE, attempt=2, before=(running.pid, running.start_ticks), exit_code=2).save(folder)
    found = gather(folder)
    assert (found.is_silent, found.alive) == (False, True)
    assert judge(found, Summary()).state is RunState.RUNNING


def test_a_resume_of_what_is_finished_changes_nothing(folder):
    done = state_of(RunState.FINISHED)
    folder.write_state(done)
    launch_of(GONE, attempt=2, before=(done.pid, done.start_ticks), exit_code=0).save(folder)
    assert judge(gather(folder), Summary()).state is RunState.FINISHED


def test_a_start_without_a_known_process_is_waited_for(folder):
    launch_of(None).save(folder)
    assert gather(folder).alive
    launch_of(None, t=time.time() - 1000).save(folder)
    assert not gather(folder).alive


@pytest.mark.parametrize("content", ["", "[]", '{"t": "x"}', '{"t": 1, "attempt": 1, "process": {"pid": 3}}'])
def test_a_strange_launch_file_is_none(folder, content):
    (folder.path / "launch.json").write_text(content)
    assert read_launch(folder) is None


# -- the view -------------------------------------------------------------------------------------


def view_of(folder: RunFolder, summary: Summary, before: View | None = None) -> View:
    return look(folder, gather(folder), summary, notes=Notes(), before=before or View())


def test_a_lost_run_shows_the_end_of_its_log_and_where_to_resume(folder):
    folder.write_state(state_of(RunState.RUNNING))
    folder.log_file.write_text("begin\n\x1b[31mred\x1b[0m\nlast line\n")
    for step in (5, 10):
        folder.step_folder(step).mkdir(parents=True)
    (folder.checkpoints / "step-00000015.tmp").mkdir()
    (folder.checkpoints / "last").write_text("step-00000010\n")
    (folder.checkpoints / "best").write_text("step-00000099\n")
    view = view_of(folder, summary_of(*STEPS))
    assert view.state is RunState.LOST
    assert view.log_end == ("begin", "red", "last line")
    assert (view.checkpoints, view.last_checkpoint, view.best_checkpoint) == ((5, 10), 10, None)
    assert view.ended_at == 1000.0


def test_the_log_of_a_run_that_stays_lost_is_read_once(folder):
    folder.write_state(state_of(RunState.RUNNING))
    folder.log_file.write_text("first\n")
    view = view_of(folder, summary_of(*STEPS))
    folder.log_file.write_text("second\n")
    assert view_of(folder, summary_of(*STEPS), view).log_end == ("first",)
    later = state_of(RunState.RUNNING, attempt=2)
    folder.write_state(later)
    assert view_of(folder, summary_of(*STEPS), view).log_end == ("second",)


def test_what_was_asked_and_not_acknowledged(folder):
    folder.write_state(state_of(RunState.RUNNING, me()))
    first = folder.request("save", attempt=1)
    folder.request("stop", attempt=1)
    summary = summary_of(*STEPS, ("control", {"id": first, "action": "save"}))
    assert view_of(folder, summary).asked == ("stop",)


def test_colours_and_bells_are_no_text():
    assert plain(["\x1b[1;31mred\x1b[0m\x07 \ttab", "中文"]) == ["red \ttab", "中文"]
