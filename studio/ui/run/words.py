"""What the run page says about a run in a line: where it stands, how long it takes, its figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minimind.job import KIND_EXPORT, KIND_PIPELINE, KIND_TRAIN, JobSpec
from minimind.methods import METHODS
from minimind.presets import PRESETS
from minimind.run_state import RunState
from minimind.text import N_, _
from studio.store.records import PhaseSpan, Run
from studio.ui import format as fmt
from studio.ui.widgets.phase_strip import PHASES

# before this step the trainer's guess of the remaining time jumps about
ESTIMATE_FROM_STEP = 20
# before it has lasted so long nobody knows how fast a phase goes
_RATE_FROM_S = 3.0
_DOT = " · "
_KINDS = {KIND_EXPORT: N_("Export"), KIND_PIPELINE: N_("Recipe")}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One of the five figures."""

    label: str
    number: str
    unit: str = ""
    sub: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The line with phases and bar.

    Attributes:
        phases: the run's phases, in order; current: the one going on.
        seconds: how long the done ones took.
        note: behind the current phase's name.
        share: of the bar, None where it is not known.
        step, left, end: `step 2,480 of 4,000`, `about 9 min left`, `done at 15:50`; empty where unknown.
        strong: parts of those texts that carry the weight.
    """

    phases: tuple[str, ...]
    current: str | None
    seconds: dict[str, float]
    note: str = ""
    share: float | None = None
    step: str = ""
    left: str = ""
    end: str = ""
    strong: tuple[str, ...] = ()


def method_title(method: str) -> str:
    """A method's name in the language of now."""
    known = METHODS.get(method)
    return _(known.title) if known else method


def kind_title(run: Run) -> str:
    """What a run does: its method, or what another kind of work is called."""
    if run.kind == KIND_TRAIN:
        return method_title(run.method)
    return _(_KINDS[run.kind]) if run.kind in _KINDS else run.kind


def device_name(device: str) -> str:
    """A device as people write it: `cpu` is CPU."""
    return device.upper() if device in ("cpu", "mps") else device


def speaks_in_turns(method: str) -> bool:
    """Whether its samples are answers, not continuations of the prompt."""
    known = METHODS.get(method)
    return known is not None and known.needs.value in ("chat", "preferences", "prompts")


def meta(run: Run, job: JobSpec | None, *, compact: bool = False) -> str:
    """`Pretrain · minimind2-small, 25.8M parameters · pretrain_hq.jsonl · RTX 3090 · started 15:24`."""
    comma = _(", ")
    parts = [kind_title(run)]
    model = [run.model]
    if run.parameters and not compact:
        model.append(fmt.parameters(run.parameters))
    parts.append(comma.join(filter(None, model)))
    if job is not None and job.data:
        names = [Path(item.path).name for item in job.data]
        parts.append(names[0] if len(names) == 1 else _("{name} and more").format(name=names[0]))
    parts.append(device_name(run.device))
    parts.append(times(run))
    return _DOT.join(filter(None, parts))


def times(run: Run) -> str:
    """`started 15:24`, and once it has ended `15:24 to 15:42, attempt 2`."""
    if run.started_at is None:
        return _("created {time}").format(time=fmt.when(run.created))
    if run.ended_at is None or run.state.is_active:
        return _("started {time}").format(time=fmt.when(run.started_at))
    span = _("{start} to {end}").format(start=fmt.when(run.started_at), end=fmt.when(run.ended_at))
    if run.attempt > 1:
        return _("{span}, attempt {n}").format(span=span, n=run.attempt)
    return span


def progress(
    run: Run, phases: list[PhaseSpan], *, job: JobSpec | None = None, now: Callable[[], float] = time.time
) -> Progress:
    """What the progress line says now."""
    spans = [span for span in phases if span.attempt == run.attempt]
    seconds: dict[str, float] = {}
    for span in spans:
        # pauses are spans too, but no phase
        if span.phase in PHASES:
            seconds[span.phase] = seconds.get(span.phase, 0.0) + max(0.0, span.ended - span.began)
    current, note = _current(run, _began(spans, run.phase), now())
    always = {"prepare", "train", "evaluate", "save"} if run.kind == KIND_TRAIN else set()
    shown = tuple(name for name in PHASES if name in always or name in seconds or name == current)
    order = list(shown)
    done = seconds
    if current in order:
        # evaluation and saving happen now and then; they are done when the run is
        done = {name: value for name, value in seconds.items() if order.index(name) < order.index(current)}
    step, strong = _step(run)
    left, end = _left(run, now)
    if left and run.eta_s is not None and run.eta_s >= 10:
        strong = (*strong, fmt.duration(run.eta_s))
    return Progress(
        phases=shown,
        current=current,
        seconds=done,
        note=note,
        share=_share(run, job),
        step=step,
        left=left,
        end=end,
        strong=strong,
    )


def _began(spans: list[PhaseSpan], phase: str | None) -> float | None:
    """When the phase that goes on began; None for one that the index does not know yet."""
    return spans[-1].began if spans and spans[-1].phase == phase else None


def _current(run: Run, began: float | None, now: float) -> tuple[str | None, str]:
    if run.state is RunState.STOPPING:
        return "save", ""
    if not run.state.is_active:
        return None, ""
    if run.kind != KIND_TRAIN:
        return (run.phase if run.phase in PHASES else None), _amount(run, began, now)
    name = run.phase or ("prepare" if run.state is RunState.STARTING else "train")
    note = _amount(run, began, now)
    if name in ("evaluate", "save") and run.step and (run.total_steps is None or run.step < run.total_steps):
        return "train", f"· {_(PHASES[name])}"
    return (name if name in PHASES else None), note


def _amount(run: Run, began: float | None, now: float) -> str:
    """`31%, 20 s left` of a phase whose end is known."""
    if run.phase in (None, "train") or not run.phase_total:
        return ""
    share = min(1.0, run.phase_done / run.phase_total)
    passed = 0.0 if began is None else now - began
    if passed < _RATE_FROM_S or not 0.02 < share < 1:
        return fmt.percent(share)
    left = passed * (1 - share) / share
    return _("{share}, {time} left").format(share=fmt.percent(share), time=fmt.duration(left))


def _step(run: Run) -> tuple[str, tuple[str, ...]]:
    if run.kind != KIND_TRAIN:
        return "", ()
    if not run.step and run.state in (RunState.QUEUED, RunState.STARTING):
        return "", ()
    step = fmt.exact(run.step)
    if run.total_steps is None:
        return _("step {step}").format(step=step), (step,)
    return _("step {step} of {total}").format(step=step, total=fmt.exact(run.total_steps)), (step,)


def _left(run: Run, now: Callable[[], float]) -> tuple[str, str]:
    if run.kind != KIND_TRAIN:
        return "", ""
    if run.state not in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED):
        return "", ""
    if run.state is RunState.STARTING and not run.step:
        return "", ""
    early = run.step - run.from_step < ESTIMATE_FROM_STEP
    eta = None if early or run.eta_s is None else run.eta_s
    if run.state is RunState.PAUSED:
        return ("" if eta is None else fmt.time_left(eta)), ""
    if eta is None:
        return fmt.time_left(None), ""
    return fmt.time_left(eta), _end(now() + eta, now)


def _end(t: float, now: Callable[[], float]) -> str:
    day, time_of_day = fmt.when(t, now=now), fmt.clock(t)
    if day == time_of_day:
        return _("done at {time}").format(time=time_of_day)
    return _("done on {day}, {time}").format(day=day, time=time_of_day)


def _share(run: Run, job: JobSpec | None) -> float | None:
    if run.state is RunState.FINISHED:
        return 1.0
    if run.state is RunState.QUEUED and not run.step:
        return None
    if run.kind != KIND_TRAIN or (run.state is RunState.STARTING and not run.step):
        return run.phase_done / run.phase_total if run.phase_total else None
    if run.total_steps:
        return run.step / run.total_steps
    if job is not None and job.budget.minutes:
        return min(1.0, run.wall_s / (60 * job.budget.minutes))
    return None


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What the run has cost so far: yuan, and kilowatt hours; None where nobody can say."""

    yuan: float | None = None
    kwh: float | None = None
    hint: str = ""


# of a whole computer that computes without a card; of a card that was not measured
_HOST_WATTS, _CARD_WATTS = 100.0, 350.0


def spent(run: Run, *, on_card: bool, watts: float | None, per_hour: float, per_kwh: float) -> Spent:
    """Cost of the time so far.

    Args:
        run: its `wall_s`.
        on_card: a graphics card is paid by the hour, a processor by its electricity.
        watts: measured mean power of the card, None if nobody measured.
        per_hour, per_kwh: prices of the preferences, in yuan.
    """
    hours = run.wall_s / 3600
    kwh = hours * (watts or (_CARD_WATTS if on_card else _HOST_WATTS)) / 1000
    if on_card:
        hint = _("at {price} an hour; the price is set in the preferences").format(price=fmt.money(per_hour))
        return Spent(yuan=hours * per_hour, kwh=kwh, hint=hint)
    hint = _("at {price} a kWh and 100 W; the price is set in the preferences").format(
        price=fmt.money(per_kwh)
    )
    return Spent(yuan=kwh * per_kwh, kwh=kwh, hint=hint)


def figures(run: Run, job: JobSpec | None, costs: Spent) -> list[Figure]:
    """The five figures."""
    none_yet = _("not measured yet")
    best = ""
    if run.best_step:
        best = _("best, at step {step}").format(step=fmt.exact(run.best_step))
    held = Figure(
        label=_("Held-out loss"),
        number=fmt.loss(run.val_loss),
        sub=best,
        hint=none_yet if run.val_loss is None else fmt.loss(run.val_loss, digits=4),
    )
    guess = fmt.guess(run.loss)
    loss = Figure(
        label=_("Training loss"),
        number=fmt.loss(run.loss),
        sub="" if guess == fmt.UNKNOWN else guess,
        hint=none_yet if run.loss is None else fmt.loss(run.loss, digits=4),
    )
    return [loss, held, _speed(run), _tokens(run, job), _cost(run, costs)]


def _speed(run: Run) -> Figure:
    number, unit = fmt.speed_parts(run.tokens_per_s)
    sub = ""
    if run.tokens_per_s and run.tokens_per_step:
        seconds = run.tokens_per_step / run.tokens_per_s
        sub = _("{time} a step").format(time=fmt.duration(seconds))
    return Figure(label=_("Speed"), number=number, unit=unit, sub=sub)


def _tokens(run: Run, job: JobSpec | None) -> Figure:
    number, unit = fmt.count_parts(run.tokens, fixed=True)
    sub = ""
    if job is not None and job.budget.epochs and run.total_steps:
        passes = job.budget.epochs * run.step / run.total_steps
        sub = (
            _("{n} of one pass").format(n=f"{passes:.2f}")
            if passes < 1
            else _("{n} passes").format(n=f"{passes:.2f}")
        )
    elif run.tokens_per_step:
        sub = _("{n} a step").format(n=fmt.count(run.tokens_per_step))
    return Figure(
        label=_("Tokens seen"),
        number=number,
        unit=unit,
        sub=sub,
        hint=fmt.exact(run.tokens) if run.tokens else "",
    )


def _cost(run: Run, costs: Spent) -> Figure:
    early = run.state.is_final and run.state is not RunState.FINISHED
    label = _("Cost so far") if early else _("Cost")
    if not run.wall_s:
        return Figure(label=label, number=fmt.UNKNOWN, hint=_("nothing has been computed yet"))
    return Figure(label=label, number=fmt.money(costs.yuan), sub=fmt.energy(costs.kwh), hint=costs.hint)


def queue_line(run: Run, before: list[Run]) -> str:
    """`2nd in the queue, about 40 min before it starts`; `before` are the runs that go first."""
    if run.queue_position is None:
        return _("Not in the queue.")
    known = [item.eta_s for item in before]
    if known and all(value is not None for value in known):
        wait = fmt.duration(sum(value for value in known if value is not None))
        return _("No. {n} in the queue, about {time} before it starts.").format(
            n=run.queue_position, time=wait
        )
    return _("No. {n} in the queue; it starts by itself.").format(n=run.queue_position)


def state_line(run: Run, every: list[Run], still_s: float, *, stuck: bool) -> str:
    """The sentence in the progress line, for states that need one.

    Args:
        run: the run.
        every: all runs, for the place in the queue.
        still_s: seconds since anything of it moved; stuck: that is too long.
    """
    if run.state is RunState.QUEUED:
        place = run.queue_position or 0
        before = [r for r in every if r.state.is_active or 0 < (r.queue_position or 0) < place]
        return queue_line(run, before)
    if run.state is RunState.PAUSED:
        return _("Memory is still held; the process waits.")
    if run.state is RunState.STOPPING:
        return (_("Nothing has moved for {n} s.") if stuck else _("Saving… {n} s")).format(n=int(still_s))
    if run.state is RunState.STOPPED and run.kind != KIND_TRAIN:
        return _("Stopped")
    if run.state is RunState.STOPPED:
        text = _("Stopped at step {step}").format(step=fmt.exact(run.step))
        return _("{text}, ended by force").format(text=text) if run.forced else text
    return ""


def finished_line(run: Run, costs: Spent) -> str:
    """`It is trained: held-out loss 2.41, took 25 min, ¥0.54.`"""
    parts = []
    if run.kind != KIND_TRAIN:
        result = run.result or {}
        parts += [str(result["path"])] if result.get("path") else []
        parts += [fmt.file_size(result["size_bytes"])] if isinstance(result.get("size_bytes"), int) else []
        parts.append(_("took {time}").format(time=fmt.duration(run.wall_s)))
        return _("Done: {facts}.").format(facts=_(", ").join(parts))
    if run.val_loss is not None:
        parts.append(_("held-out loss {loss}").format(loss=fmt.loss(run.val_loss)))
    elif run.loss is not None:
        parts.append(_("training loss {loss}").format(loss=fmt.loss(run.loss)))
    parts.append(_("took {time}").format(time=fmt.duration(run.wall_s)))
    if costs.yuan is not None:
        parts.append(fmt.money(costs.yuan))
    return _("It is trained: {facts}.").format(facts=_(", ").join(parts))


def next_save(run: Run, job: JobSpec | None) -> int | None:
    """The step of the next checkpoint; None while only the trainer knows."""
    every = job.settings.get("save_every") if job is not None else None
    if isinstance(every, int) and every > 0:
        return (run.step // every + 1) * every
    return None


def vocabulary(job: JobSpec | None) -> int | None:
    """How many tokens a guess chooses from; None where that is not known before the run says so."""
    if job is None or job.tokenizer or job.model.preset not in PRESETS:
        return None
    return PRESETS[job.model.preset].config.vocab_size
