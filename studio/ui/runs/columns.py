"""The columns of the runs table: what each shows, sorts by, and how wide it is. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from minimind.job import KIND_TRAIN
from minimind.run_state import RunState
from minimind.text import N_
from studio.store.records import Run
from studio.ui import format as fmt

_ORDER = list(RunState)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        key: name in the memory.
        title: msgid of the header; empty for the star.
        width: pixels at text size 100%.
        text: what a plain cell shows; tip: its tool tip.
        order: what it sorts by; None sorts last in both directions.
        right: figures, aligned right.
        spare: order in which columns give way where there is too little room; 0 stays.
    """

    key: str
    title: str
    width: int
    text: Callable[[Run], str] = lambda run: ""
    tip: Callable[[Run], str] = lambda run: ""
    order: Callable[[Run], float | str | None] = lambda run: None
    right: bool = False
    spare: int = 0


def _steps(run: Run) -> str:
    if not run.step and (run.kind != KIND_TRAIN or run.state in (RunState.QUEUED, RunState.STARTING)):
        return fmt.UNKNOWN
    if run.total_steps and run.state is not RunState.FINISHED:
        return f"{fmt.exact(run.step)} / {fmt.exact(run.total_steps)}"
    return fmt.exact(run.step)


def _cost_of_time(run: Run) -> str:
    return fmt.duration(run.wall_s) if run.wall_s else fmt.UNKNOWN


COLUMNS = (
    Column(key="star", title="", width=40, order=lambda run: 0.0 if run.star else None),
    Column(
        key="name",
        title=N_("Name"),
        width=260,
        text=lambda run: run.name,
        tip=lambda run: "\n".join(filter(None, [run.name, run.note, run.run_id])),
        order=lambda run: run.name.casefold(),
    ),
    Column(key="state", title=N_("State"), width=118, order=lambda run: float(_ORDER.index(run.state))),
    Column(key="curve", title=N_("Curve"), width=116, spare=5),
    Column(
        key="val_loss",
        title=N_("Held-out loss"),
        width=88,
        text=lambda run: fmt.loss(run.best_val_loss if run.best_val_loss is not None else run.val_loss),
        tip=lambda run: fmt.loss(run.val_loss, digits=4),
        order=lambda run: run.best_val_loss if run.best_val_loss is not None else run.val_loss,
        right=True,
    ),
    Column(
        key="steps", title=N_("Steps"), width=112, text=_steps, order=lambda run: float(run.step), right=True
    ),
    Column(
        key="model",
        title=N_("Model"),
        width=124,
        text=lambda run: run.model,
        tip=lambda run: fmt.parameters(run.parameters) if run.parameters else run.model,
        order=lambda run: run.model.casefold() or None,
        spare=3,
    ),
    Column(
        key="tokens",
        title=N_("Tokens"),
        width=84,
        text=lambda run: fmt.count(run.tokens) if run.tokens else fmt.UNKNOWN,
        tip=lambda run: fmt.exact(run.tokens) if run.tokens else "",
        order=lambda run: None if run.tokens is None else float(run.tokens),
        right=True,
        spare=2,
    ),
    Column(
        key="duration",
        title=N_("Duration"),
        width=100,
        text=_cost_of_time,
        order=lambda run: run.wall_s or None,
        right=True,
        spare=4,
    ),
    Column(key="cost", title=N_("Cost"), width=72, right=True, spare=1),
    Column(
        key="started",
        title=N_("Started"),
        width=108,
        text=lambda run: fmt.when(run.started_at or run.created),
        tip=lambda run: fmt.absolute(run.started_at or run.created),
        order=lambda run: run.started_at or run.created,
        right=True,
        spare=6,
    ),
)
KEYS = [column.key for column in COLUMNS]


def index_of(key: str) -> int:
    """Place of a column."""
    return KEYS.index(key)
