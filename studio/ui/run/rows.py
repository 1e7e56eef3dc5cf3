"""Rows of two lines: what happened, and the checkpoints. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from minimind.events import Event
from minimind.messages import translated
from minimind.text import N_, _
from studio.store.records import Checkpoint
from studio.ui import format as fmt
from studio.ui.run.words import device_name

_DOT = " · "

# short names of what a code says in full
_TITLES = {
    "no_room": N_("Little disk space"),
    "data_changed": N_("The data changed"),
    "rows_skipped": N_("Rows skipped"),
    "no_heldout": N_("No held-out text"),
    "no_heldout_label": N_("No held-out text"),
    "non_finite": N_("Loss is not a number"),
    "out_of_memory": N_("Memory ran out"),
    "compile_failed": N_("Not compiled"),
    "not_identical": N_("Not bit-identical"),
    "damaged_checkpoint": N_("Damaged checkpoint"),
    "disk_error": N_("Disk error"),
    "cut_conversations": N_("Conversations cut"),
    "steps_per_epoch": N_("Length of a pass"),
    "crashed": N_("Failed"),
    "bad_input": N_("Failed"),
}
_NOTES = frozenset({"steps_per_epoch", "not_identical", "cut_conversations"})
_CONTROLS = {
    "pause": ("pause", N_("Paused")),
    "resume": ("play", N_("Went on")),
    "stop": ("square", N_("Asked to stop")),
    "save": ("save", N_("Asked for a checkpoint")),
    "sample": ("message-square-quote", N_("Asked for a sample")),
    "kill": ("circle-stop", N_("Ended by force")),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a list.

    Attributes:
        icon, token: picture and its colour; the title takes the colour too when it is a warning or worse.
        title, detail, right: first line, second line, what stands at the right of the first.
        tip: tool tip: the absolute time, the whole sentence.
        step: where the crosshair goes, if it speaks of a step.
        path: a folder that it stands for.
        badges: short words in pills after the title: best, newest.
        mark: an icon in `warning` at the right end.
    """

    icon: str
    title: str
    detail: str = ""
    right: str = ""
    token: str = "text2"
    tip: str = ""
    step: int | None = None
    path: str = ""
    badges: tuple[str, ...] = ()
    mark: str = ""


def with_thousands(params: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers in a message as people read them; everything else as it is."""
    return {
        key: fmt.exact(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for key, value in params.items()
    }


def title_of(code: str) -> str:
    """A few words for a code, in the language of now."""
    return _(_TITLES.get(code, N_("Advice")))


def sentence(fields: dict[str, Any]) -> tuple[str, str]:
    """(message, advice) of a warning or error in the language of now."""
    params = fields.get("params")
    code, message = str(fields.get("code", "")), str(fields.get("message", ""))
    return translated(code, with_thousands(params if isinstance(params, dict) else {}), message)


def event_rows(events: list[Event], checkpoints: list[Checkpoint]) -> list[Row]:
    """Events as rows, newest first; evaluations only where they are a new best, samples not at all."""
    sizes = {checkpoint.step: checkpoint.size_bytes for checkpoint in checkpoints}
    rows: list[Row] = []
    best: float | None = None
    for event in events:
        row: Row | None
        if event.kind == "eval":
            row, best = _eval(event, best)
        elif event.kind == "checkpoint":
            row = _checkpoint(event, sizes)
        else:
            make = _MAKERS.get(event.kind)
            row = make(event) if make else None
        if row is not None:
            rows.append(row)
    return rows[::-1]


def _row(
    event: Event, icon: str, title: str, detail: str = "", *, token: str = "text2", tip: str = ""
) -> Row:
    when = fmt.absolute(event.t)
    return Row(
        icon=icon,
        title=title,
        detail=detail,
        token=token,
        right=fmt.clock(event.t, seconds=True),
        tip="\n".join(filter(None, [tip or detail, when])),
        step=event.step,
    )


def _eval(event: Event, best: float | None) -> tuple[Row | None, float | None]:
    value = event.fields.get("val_loss")
    if not isinstance(value, int | float):
        return None, best
    if best is None or value >= best:
        return None, value if best is None else best
    detail = _("held-out loss {old} → {new}").format(old=fmt.loss(best), new=fmt.loss(value))
    return _row(event, "check", _("New best"), detail), float(value)


def _checkpoint(event: Event, sizes: dict[int, int]) -> Row:
    parts = [_("step {step}").format(step=fmt.exact(event.step))]
    if event.step in sizes:
        parts.append(fmt.file_size(sizes[event.step]))
    return _row(event, "save", _("Checkpoint"), _DOT.join(parts))


def _start(event: Event) -> Row:
    fields = event.fields
    attempt, from_step = fields.get("attempt") or 1, fields.get("from_step") or 0
    parts = []
    if attempt > 1:
        # a pipeline makes no steps itself
        if from_step or fields.get("parameters"):
            parts.append(_("from step {step}").format(step=fmt.exact(from_step)))
        parts.append(_("attempt {n}").format(n=attempt))
    elif fields.get("parameters"):
        parts.append(fmt.parameters(fields["parameters"]))
    parts.append(device_name(str(fields.get("device") or "")))
    title = _("Resumed") if attempt > 1 else _("Training began")
    row = _row(event, "rotate-ccw" if attempt > 1 else "play", title, _DOT.join(filter(None, parts)))
    return replace(row, step=from_step) if attempt > 1 else row


def _schedule(event: Event) -> Row:
    detail = _("{total} steps; the learning rate falls from step {step}").format(
        total=fmt.exact(event.fields.get("total_steps")), step=fmt.exact(event.fields.get("decay_from"))
    )
    return _row(event, "timer", _("Length decided"), detail)


def _control(event: Event) -> Row | None:
    icon, title = _CONTROLS.get(str(event.fields.get("action")), ("", ""))
    return _row(event, icon, _(title)) if icon else None


def _warning(event: Event) -> Row:
    message, advice = sentence(event.fields)
    code = str(event.fields.get("code", ""))
    title = title_of(code)
    tip = "\n".join(filter(None, [message, advice]))
    if code in _NOTES:
        return _row(event, "info", title, message, tip=tip)
    return _row(event, "triangle-alert", title, message, token="warning", tip=tip)


def _error(event: Event) -> Row:
    message, advice = sentence(event.fields)
    tip = "\n".join(filter(None, [message, advice]))
    return _row(event, "circle-x", _("Failed"), message, token="danger", tip=tip)


def _done(event: Event) -> Row | None:
    status = event.fields.get("status")
    step = event.fields.get("step")
    detail = _("step {step}").format(step=fmt.exact(step)) if isinstance(step, int) else ""
    if status == "finished":
        return _row(event, "circle-check", _("Finished"), detail, token="success")
    if status == "stopped":
        return _row(event, "square", _("Stopped"), detail)
    # the error that came before says more
    return None


_MAKERS: dict[str, Callable[[Event], Row | None]] = {
    "start": _start,
    "schedule": _schedule,
    "control": _control,
    "warning": _warning,
    "error": _error,
    "done": _done,
}


def checkpoint_rows(checkpoints: list[Checkpoint]) -> list[Row]:
    """Checkpoints as rows, newest first."""
    rows = []
    for item in reversed(checkpoints):
        badges = [_("best")] if item.is_best else []
        if item.is_last:
            badges.append(_("newest"))
        detail = [fmt.file_size(item.size_bytes)]
        if item.val_loss is not None:
            detail.append(_("held-out loss {loss}").format(loss=fmt.loss(item.val_loss)))
        rows.append(
            Row(
                icon="save",
                title=_("step {step}").format(step=fmt.exact(item.step)),
                detail=_DOT.join(detail),
                tip=f"{item.path}\n{fmt.exact_bytes(item.size_bytes)}",
                step=item.step,
                path=str(item.path),
                badges=tuple(badges),
            )
        )
    return rows
