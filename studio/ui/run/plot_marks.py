"""Lines, ticks and bands of a run's plot, out of its events. No Qt here."""

from __future__ import annotations

from collections.abc import Callable

from minimind.events import Event
from minimind.run_state import RunState
from minimind.text import N_, _
from studio.store.records import PhaseSpan, Run
from studio.ui import format as fmt
from studio.ui.plot.marks import Band, Mark
from studio.ui.run.rows import title_of
from studio.ui.widgets.phase_strip import PHASES

Place = Callable[[float], float | None]


def marks(run: Run, events: list[Event], place_of: Place) -> list[Mark]:
    """Spikes and NaN, borders of attempts, and where the run ended if it did so early."""
    found: list[Mark] = []
    for event in events:
        if event.kind == "start" and (event.fields.get("attempt") or 1) > 1:
            x = place_of(float(event.fields.get("from_step") or 0))
            if x is not None and event.fields.get("from_step"):
                found.append(Mark(x=x, tone="text3", dotted=True))
        elif event.kind == "warning":
            mark = _warning(event, place_of)
            found += [mark] if mark else []
    end = _end(run, place_of)
    return [*found, end] if end else found


def _warning(event: Event, place_of: Place) -> Mark | None:
    params = event.fields.get("params")
    step = event.step if event.step is not None else params.get("step") if isinstance(params, dict) else None
    if not isinstance(step, int):
        return None
    x = place_of(float(step))
    if x is None:
        return None
    title = title_of(str(event.fields.get("code", "")))
    return Mark(x=x, text=title, icon="triangle-alert", tone="warning")


def _end(run: Run, place_of: Place) -> Mark | None:
    x = place_of(float(run.step)) if run.step else None
    if x is None:
        return None
    step = fmt.exact(run.step)
    if run.state is RunState.STOPPED:
        return Mark(x=x, text=_("stopped at step {step}").format(step=step), tone="text3", through=True)
    if run.state is RunState.LOST:
        return Mark(x=x, text=_("interrupted after {step}").format(step=step), tone="warning", through=True)
    if run.state is RunState.FAILED:
        what = title_of(run.error.code) if run.error else _("Failed")
        text = _("{what}, step {step}").format(what=what, step=step)
        return Mark(x=x, text=text, tone="danger", through=True)
    return None


def bands(run: Run, phases: list[PhaseSpan]) -> list[Band]:
    """Grey stretches of the time axis without steps: start-up, pauses, the time between attempts."""
    origin = origin_of(run, phases)
    if origin is None:
        return []
    names = {"prepare": PHASES["prepare"], "compile": PHASES["compile"], "paused": N_("Paused")}
    found = [
        Band(lo=span.began - origin, hi=span.ended - origin, text=_(names[span.phase]))
        for span in phases
        if span.phase in names
    ]
    ends: dict[int, float] = {}
    begins: dict[int, float] = {}
    for span in phases:
        ends[span.attempt] = max(ends.get(span.attempt, 0.0), span.ended)
        begins.setdefault(span.attempt, span.began)
    for attempt, began in begins.items():
        before = ends.get(attempt - 1)
        if before is not None and began > before:
            found.append(Band(lo=before - origin, hi=began - origin, text=_("Between attempts")))
    return found


def origin_of(run: Run, phases: list[PhaseSpan]) -> float | None:
    """Unix seconds of second 0 of the time axis: when the first attempt began to prepare."""
    begins = [span.began for span in phases if span.attempt <= 1]
    if run.started_at is not None:
        begins.append(run.started_at)
    return min(begins, default=None)


def start_up(run: Run, phases: list[PhaseSpan]) -> float:
    """Seconds between that and the `start` event, which the service counts from."""
    origin = origin_of(run, phases)
    return 0.0 if origin is None or run.started_at is None else run.started_at - origin
