"""What state a run is in: read to the end of its events first, then ask whether its process lives.

The one code path for a run that goes on, for one that ended while no window was open, and for a folder that
somebody copied here.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from minimind.messages import english
from minimind.run_folder import KILL, Notes, RunFolder, State, checkpoint_step
from minimind.run_state import RunState
from minimind.vanished import vanished
from studio.jobs.launch import Launch, read_launch
from studio.jobs.tail import last_lines
from studio.store.records import Problem
from studio.store.runs import View
from studio.store.summary import Summary

LOG_LINES = 12
# how long a start of which nobody knows the process may take to speak for itself
_UNSEEN_START_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the small files say at one moment, and whether the process that they name lives.

    Attributes:
        is_silent: it was started, and has not said anything in state.json yet.
        alive: the process works: the silent one, or the one of an active state.
        attempt: the one that counts now: of the silent start, else of state.json.
        requests: (id, action) for that attempt, or for the coming one when none is under way.
        position: in the queue, 1 = next.
    """

    state: State | None
    launch: Launch | None
    is_silent: bool
    alive: bool
    attempt: int
    requests: tuple[tuple[str, str], ...]
    position: int | None = None


def gather(folder: RunFolder, position: int | None = None) -> Evidence:
    """Look at a run folder now."""
    state, launch = folder.read_state(), read_launch(folder)
    works = state is not None and state.status.is_active and state.process.is_alive()
    if state is not None and state.status.is_active and not works:
        # it may have said its last word between the two looks
        state = folder.read_state()
    silent = False
    if launch is not None and not launch.has_spoken(state):
        started = _is_under_way(launch)
        # another trainer holds the folder, or there was nothing left to do: then the old state stands
        silent = started or not (works or (state is not None and launch.exit_code == 0))
    attempt = launch.attempt if silent and launch else state.attempt if state else 0
    asked_of = attempt if state or launch else folder.next_attempt()
    return Evidence(
        state=state,
        launch=launch,
        is_silent=silent,
        alive=_is_under_way(launch) if silent and launch else works,
        attempt=attempt,
        requests=tuple(folder.requests(attempt=asked_of)),
        position=position,
    )


def _is_under_way(launch: Launch) -> bool:
    if launch.process is None:
        return not launch.problem and time.time() - launch.t < _UNSEEN_START_S
    return launch.process.is_alive()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The state of a run and, if it ended badly, why."""

    state: RunState
    error: Problem | None = None
    forced: bool = False


def judge(evidence: Evidence, summary: Summary, log_end: tuple[str, ...] = ()) -> Verdict:
    """Derive the state. The events must have been read to the end after the evidence was gathered.

    Args:
        summary: of those events.
        log_end: last lines of log.txt, for the reason.
    """
    state, launch = evidence.state, evidence.launch
    actions = {action for _, action in evidence.requests}
    if evidence.alive:
        if evidence.is_silent or state is None:
            return Verdict(state=RunState.STARTING)
        return Verdict(state=state.status)
    if evidence.position is not None:
        return Verdict(state=RunState.QUEUED)
    if evidence.is_silent and launch is not None:
        return _never_spoke(launch, actions, log_end)
    if state is None:
        # a person took it out of the queue before it began
        return Verdict(state=RunState.STOPPED if "stop" in actions else RunState.QUEUED)
    if state.status.is_active or state.status is RunState.LOST:
        return _gone(evidence, state, summary, actions)
    error = _told(summary, log_end) if state.status is RunState.FAILED else None
    return Verdict(state=state.status, error=error)


def _never_spoke(launch: Launch, actions: set[str], log_end: tuple[str, ...]) -> Verdict:
    if KILL in actions or "stop" in actions:
        return Verdict(state=RunState.STOPPED, forced=KILL in actions)
    if launch.exit_code is not None and launch.exit_code < 0:
        return Verdict(state=RunState.LOST, error=_lost(0, launch.exit_code))
    reason = launch.problem or next((line for line in reversed(log_end) if line.strip()), "")
    if launch.problem or launch.exit_code:
        return Verdict(state=RunState.FAILED, error=_problem("not_started", reason=reason[:300]))
    return Verdict(state=RunState.LOST, error=_lost(0, None))


def _gone(evidence: Evidence, state: State, summary: Summary, actions: set[str]) -> Verdict:
    """Its process is gone, and state.json still speaks of work."""
    if summary.done is not None and summary.attempt == state.attempt:
        status = str(summary.done.get("status"))
        if status in ("finished", "stopped", "failed"):
            error = _told(summary, ()) if status == "failed" else None
            return Verdict(state=RunState(status), error=error)
    if KILL in actions:
        return Verdict(state=RunState.STOPPED, forced=True)
    launch = evidence.launch
    seen = launch is not None and launch.process is not None and launch.process.pid == state.pid
    code = launch.exit_code if launch is not None and seen else None
    step = max(summary.step, summary.from_step)
    return Verdict(state=RunState.LOST, error=_lost(step, code))


def _told(summary: Summary, log_end: tuple[str, ...]) -> Problem:
    """The last `error` event, or what the log says when there is none."""
    fields = summary.error
    if fields is None:
        reason = next((line for line in reversed(log_end) if line.strip()), "")
        return _problem("crashed", reason=reason[:300])
    params = fields.get("params")
    return Problem(
        code=str(fields.get("code") or ""),
        params=params if isinstance(params, dict) else {},
        message=str(fields.get("message") or ""),
        advice=str(fields.get("advice") or ""),
    )


def _lost(step: int, code: int | None) -> Problem:
    name, params = vanished(step, code)
    return _problem(name, **params)


def _problem(code: str, **params: object) -> Problem:
    message, advice = english(code, params)
    return Problem(code=code, params=params, message=message, advice=advice)


# -- the view of a run ------------------------------------------------------------------------


def look(folder: RunFolder, evidence: Evidence, summary: Summary, *, notes: Notes, before: View) -> View:
    """Everything about a run that is not in its events.

    Args:
        before: the last view; log lines of a run that stays failed or lost are not read again.
    """
    verdict = judge(evidence, summary)
    bad = verdict.state in (RunState.FAILED, RunState.LOST)
    log_end: tuple[str, ...] = ()
    if bad:
        same = before.state is verdict.state and before.attempt == evidence.attempt and before.log_end
        log_end = before.log_end if same else tuple(plain(last_lines(folder.log_file, LOG_LINES)))
        verdict = judge(evidence, summary, log_end)
    answered = set(summary.answered)
    waiting = (action for identity, action in evidence.requests if identity not in answered)
    steps = tuple(checkpoint_step(path) for path in folder.step_folders())
    last, best = folder.pointed("last"), folder.pointed("best")
    return View(
        state=verdict.state,
        queue_position=evidence.position if verdict.state is RunState.QUEUED else None,
        attempt=evidence.attempt,
        ended_at=_ended_at(evidence, summary) if verdict.state.is_final else None,
        error=verdict.error,
        asked=tuple(dict.fromkeys(waiting)) if verdict.state.is_active else (),
        forced=verdict.forced,
        log_end=log_end,
        notes=notes,
        checkpoints=steps,
        last_checkpoint=checkpoint_step(last) if last and last.name[5:].isdigit() else None,
        best_checkpoint=checkpoint_step(best) if best and best.name[5:].isdigit() else None,
    )


def _ended_at(evidence: Evidence, summary: Summary) -> float | None:
    if evidence.is_silent and evidence.launch is not None:
        return evidence.launch.ended or evidence.launch.t
    if summary.last_t is not None:
        return summary.last_t
    return evidence.state.heartbeat if evidence.state else None


_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


def plain(lines: list[str]) -> list[str]:
    """Log lines without colours and control characters."""
    return [_ESCAPES.sub("", line) for line in lines]
