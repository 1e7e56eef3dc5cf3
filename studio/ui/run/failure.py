"""Why a run ended too early, what is safe, and the way on that mends it. No Qt here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from minimind import __version__
from minimind.job import JobSpec
from minimind.messages import MESSAGES
from minimind.run_state import RunState
from minimind.text import _
from studio.store.records import Checkpoint, Run
from studio.ui import format as fmt
from studio.ui.run.rows import sentence

LOG_LINES = 6
_CAUSE = re.compile(
    r"(Traceback|[A-Z]\w*(Error|Exception|Interrupt)\b|\berror:|\bKilled\b|Segmentation fault)"
)
_PLAIN_ADVICE = frozenset({"lost", "lost_early", "lost_signal", "lost_quietly"})
# advice that counts on a checkpoint says nothing where there is none
_NEEDS_CHECKPOINT = frozenset(code for code, message in MESSAGES.items() if "checkpoint" in message.advice)
_RESUME, _BRANCH = "resume", "branch"


@dataclass(frozen=True, kw_only=True)
class Mending:
    """A way on.

    Attributes:
        text: what the button says, all of it.
        kind: "resume" this run, or "branch": a new run, because the change would not be the same run.
        overrides: what the resume changes; settings: what the branch changes.
        note: what stays the same, beside the buttons.
    """

    text: str
    kind: str = _RESUME
    overrides: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What the panel says.

    Attributes:
        tone: danger (failed) or warning (lost).
        title: what happened; safe: what is not lost, and what helps.
        mending: the filled button; unchanged: the second one, None where it is the same thing.
        log: last lines; cause: index of the first line that names the cause, None for none.
    """

    tone: str
    title: str
    safe: str
    mending: Mending
    unchanged: Mending | None
    log: tuple[str, ...]
    cause: int | None


def failure(run: Run, job: JobSpec | None, checkpoints: list[Checkpoint], log: list[str]) -> Failure | None:
    """The panel of a failed or lost run; None for every other."""
    if run.state not in (RunState.FAILED, RunState.LOST):
        return None
    lost = run.state is RunState.LOST
    title, rest, advice = _what(run)
    lines = tuple((list(run.log_end) or log)[-LOG_LINES:])
    from_step = _resume_step(run, checkpoints)
    mending = _mending(run, job, from_step)
    plain = _plain(from_step)
    # "nothing is lost" is said once: some messages say it themselves
    kept = rest or _safe(run, from_step)
    # advice that only says what the button says is left out
    more = "" if mending != plain or (run.error and run.error.code in _PLAIN_ADVICE) else advice
    if not from_step and run.error is not None and run.error.code in _NEEDS_CHECKPOINT:
        more = ""
    safe = _joined(kept, more)
    return Failure(
        tone="warning" if lost else "danger",
        title=title,
        safe=safe,
        mending=mending,
        unchanged=None if mending == plain else Mending(text=_("Resume unchanged")),
        log=lines,
        cause=first_cause(lines),
    )


def _what(run: Run) -> tuple[str, str, str]:
    """(first sentence, the other ones, advice)."""
    if run.error is None:
        return _("The run ended and nobody says why."), "", _("The log says more.")
    fields = {"code": run.error.code, "params": run.error.params, "message": run.error.message}
    message, advice = sentence(fields)
    first, rest = _split(message)
    if run.error.code == "out_of_memory" and not run.error.params.get("checkpoint"):
        # the message counts on a checkpoint
        rest = ""
    return first, rest, advice or run.error.advice


def _joined(first: str, second: str) -> str:
    """Two sentences in a row; after a full-width stop there is no space."""
    between = "" if not first or first.endswith("。") else " "
    return f"{first}{between}{second}".strip()


def _split(message: str) -> tuple[str, str]:
    """First sentence and the rest; a point inside a number or a file name ends nothing."""
    match = re.search(r"(?<=[^\d\s]{2})[.](?=\s+\S)|(?<=\d)[.](?=\s+[A-Z])|。(?=.)", message)
    if match is None:
        return message, ""
    return message[: match.end()].strip(), message[match.end() :].strip()


def _resume_step(run: Run, checkpoints: list[Checkpoint]) -> int:
    if run.last_checkpoint is not None:
        return run.last_checkpoint
    return max((item.step for item in checkpoints), default=0)


def _safe(run: Run, from_step: int) -> str:
    if from_step:
        return _("Nothing is lost: the last checkpoint is step {step}.").format(step=fmt.exact(from_step))
    if run.step:
        return _("There was no checkpoint yet; it begins again.")
    return ""


def _plain(from_step: int) -> Mending:
    if from_step:
        return Mending(text=_("Resume from step {step}").format(step=fmt.exact(from_step)))
    return Mending(text=_("Start again"))


def _mending(run: Run, job: JobSpec | None, from_step: int) -> Mending:
    code = run.error.code if run.error else ""
    if run.state is RunState.FAILED and code == "out_of_memory":
        return _smaller(run, job, from_step)
    if run.state is RunState.FAILED and code == "non_finite":
        return _slower(run)
    if run.state is RunState.FAILED and code == "data_changed" and from_step:
        text = _("Branch from step {step}").format(step=fmt.exact(from_step))
        return Mending(text=text, kind=_BRANCH)
    return _plain(from_step)


def _smaller(run: Run, job: JobSpec | None, from_step: int) -> Mending:
    known = run.error.params.get("micro_batch") if run.error else None
    if known is None and job is not None:
        known = job.settings.get("micro_batch")
    if not isinstance(known, int) or known < 2:
        return _plain(from_step)
    half = known // 2
    if from_step:
        text = _("Resume from step {step} with micro-batch {n}").format(step=fmt.exact(from_step), n=half)
    else:
        text = _("Start again with micro-batch {n}").format(n=half)
    return Mending(
        text=text,
        overrides={"micro_batch": half},
        note=_("The result stays the same: it only takes more, smaller parts for each step."),
    )


def _slower(run: Run) -> Mending:
    if not run.lr:
        return Mending(text=_("Branch with a lower learning rate"), kind=_BRANCH)
    return Mending(
        text=_("Branch with half the rate"), kind=_BRANCH, settings={"lr": float(f"{run.lr / 2:.3g}")}
    )


def first_cause(lines: tuple[str, ...]) -> int | None:
    """Index of the first line that names an error: from there on the log is red."""
    return next((i for i, line in enumerate(lines) if _CAUSE.search(line)), None)


def branch(run: Run, job: JobSpec | None, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """A plan for the wizard that begins where this run stands: its method, data and settings."""
    if job is None:
        return {"method": run.method, "checkpoint": run.run_id}
    budget = {key: getattr(job.budget, key) for key in ("steps", "epochs", "minutes")}
    start: dict[str, Any] = {"preset": job.model.preset}
    if run.checkpoints:
        start = {"checkpoint": run.run_id}
    return start | {
        "method": job.method,
        "data": [{"path": item.path, "weight": item.weight} for item in job.data],
        "val_data": job.val_data,
        "settings": {**job.settings, **(settings or {})},
        "budget": {key: value for key, value in budget.items() if value is not None},
        "seed": job.seed,
    }


def report(run: Run, failed: Failure | None, log: list[str]) -> str:
    """What a person sends to somebody who can help: facts, the error, the end of the log."""
    facts: dict[str, object] = {
        "MiniMind Studio": __version__,
        "run": run.run_id,
        "method": run.method,
        "model": run.model,
        "device": run.device,
        "state": run.state.value,
        "attempt": run.attempt,
        "step": run.step,
        "checkpoint": run.last_checkpoint,
    }
    if run.error is not None:
        facts |= {"code": run.error.code, "params": run.error.params, "message": run.error.message}
    lines = [f"{key}: {value}" for key, value in facts.items()]
    if failed is not None:
        lines.append(f"shown: {_joined(failed.title, failed.safe)}")
    return "\n".join([*lines, "", *log[-60:], ""])
