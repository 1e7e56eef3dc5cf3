"""Which buttons a run has in which state: at most three and a menu, one of them filled. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

from minimind.job import KIND_PIPELINE, KIND_TRAIN
from minimind.run_state import RunState
from minimind.text import _
from studio.store.records import Run
from studio.ui import format as fmt

# seconds without progress after which a run that is saving may be ended by force
FORCE_AFTER = 30.0


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button or a line of the menu.

    Attributes:
        key: what it does.
        text, icon: what it shows.
        keys: its shortcut, as people read it.
        enabled: False with a `hint` that says why.
    """

    key: str
    text: str
    icon: str = ""
    keys: str = ""
    enabled: bool = True
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Actions:
    """The header's buttons from left to right, the filled one's key, and the menu ("" is a separator)."""

    buttons: tuple[Action, ...]
    primary: str
    menu: tuple[Action, ...]


def actions(run: Run, *, next_save: int | None = None, stuck: bool = False) -> Actions:
    """What the header of a run offers.

    Args:
        run: the run.
        next_save: the step of the first checkpoint to come, for the hint of a disabled chat button.
        stuck: it is saving and nothing has moved for half a minute.
    """
    if run.kind not in (KIND_TRAIN, KIND_PIPELINE):
        return _of_other_kind(run, stuck)
    buttons, primary = _buttons(run, next_save, stuck)
    menu = _menu(run)
    if run.kind == KIND_PIPELINE:
        # a new run begins from one of its stages, and the command line is that of the whole
        menu = tuple(action for action in menu if action.key not in ("branch", "command"))
    return Actions(buttons=buttons, primary=primary, menu=menu)


def _buttons(run: Run, next_save: int | None, stuck: bool) -> tuple[tuple[Action, ...], str]:
    state = run.state
    if state is RunState.QUEUED:
        if run.queue_position is None:
            return (Action(key="go_on", text=_("Add to the queue"), icon="list-ordered"),), "go_on"
        now = Action(
            key="start_now",
            text=_("Start now"),
            icon="play",
            hint=_("It does not wait until its device is free"),
        )
        return (Action(key="stop", text=_("Take out of the queue"), icon="x"), now), ""
    if state is RunState.STARTING:
        return (_stop(run), _chat(run, next_save)), "chat"
    if state is RunState.RUNNING:
        pause = Action(key="pause", text=_("Pause"), icon="pause", keys="Ctrl+Shift+P")
        return (pause, _stop(run), _chat(run, next_save)), "chat"
    if state is RunState.PAUSED:
        go_on = Action(key="go_on", text=_("Continue"), icon="play", keys="Ctrl+Shift+P")
        return (_stop(run), go_on), "go_on"
    if state is RunState.STOPPING:
        force = Action(key="force", text=_("Force it to end"), icon="circle-stop")
        return ((force,) if stuck else ()), ""
    export = Action(key="export", text=_("Export…"), icon="package")
    if state is RunState.STOPPED:
        resume = Action(key="resume", text=_resume_text(run), icon="rotate-ccw")
        return ((_chat(run), export, resume) if run.checkpoints else (resume,)), "resume"
    if state is RunState.FINISHED:
        return (export, _chat(run)), "chat"
    if run.kind == KIND_PIPELINE:
        return (Action(key="resume", text=_("Resume"), icon="rotate-ccw"),), "resume"
    # failed or lost: the panel has the filled button
    return ((_chat(run), _branch()) if run.checkpoints else (_branch(),)), ""


def _of_other_kind(run: Run, stuck: bool) -> Actions:
    """An export, or another long piece of work without a model to talk to."""
    buttons: tuple[Action, ...] = ()
    if run.state is RunState.STOPPING:
        buttons = (Action(key="force", text=_("Force it to end"), icon="circle-stop"),) if stuck else ()
    elif run.state is RunState.QUEUED or run.state.is_active:
        buttons = (Action(key="stop", text=_("Stop"), icon="square", keys="Ctrl+."),)
    elif run.state is RunState.STOPPED:
        buttons = (Action(key="resume", text=_("Start again"), icon="rotate-ccw"),)
    menu = [action for action in _menu(run) if action.key in ("folder", "rename", "tags", "note", "trash")]
    return Actions(buttons=buttons, primary="", menu=tuple(menu))


def _chat(run: Run, next_save: int | None = None) -> Action:
    # a pipeline stands for the model that it has made
    if run.checkpoints or (run.kind == KIND_PIPELINE and run.state is RunState.FINISHED):
        text = _("Chat with it")
        if run.state in (RunState.FAILED, RunState.LOST) and run.last_checkpoint:
            text = _("Chat with step {step}").format(step=fmt.exact(run.last_checkpoint))
        return Action(key="chat", text=text, icon="message-circle")
    if next_save:
        hint = _("You can chat once step {step} is saved").format(step=fmt.exact(next_save))
    else:
        hint = _("You can chat once the first checkpoint is saved")
    return Action(key="chat", text=_("Chat with it"), icon="message-circle", enabled=False, hint=hint)


def _stop(run: Run) -> Action:
    text = _("Stop and save")
    hint = _("It saves a checkpoint and ends; you can resume at any time")
    if run.state is RunState.PAUSED:
        text = _("Stop, save and free memory")
    if run.state is RunState.STARTING:
        text, hint = _("Stop"), ""
    return Action(key="stop", text=text, icon="square", keys="Ctrl+.", hint=hint)


def _branch() -> Action:
    hint = _("A new run that begins from this one's checkpoint, with other settings if you like")
    return Action(key="branch", text=_("Branch"), icon="git-branch", hint=hint)


def _resume_text(run: Run) -> str:
    return _("Resume") if run.checkpoints or run.kind == KIND_PIPELINE else _("Start again")


def _menu(run: Run) -> tuple[Action, ...]:
    state, line = run.state, Action(key="", text="")
    items: list[Action] = []
    if state in (RunState.RUNNING, RunState.PAUSED):
        live = state is RunState.RUNNING
        why = "" if live else _("It is paused")
        items += [
            Action(
                key="save",
                text=_("Save a checkpoint now"),
                icon="save",
                keys="Ctrl+S",
                enabled=live,
                hint=why,
            ),
            Action(
                key="sample",
                text=_("Sample now"),
                icon="message-square-quote",
                keys="G",
                enabled=live,
                hint=why,
            ),
            line,
        ]
    if state not in (RunState.FAILED, RunState.LOST):
        items.append(_branch())
    items += [
        Action(key="folder", text=_("Open the folder"), icon="folder-open"),
        Action(key="command", text=_("Copy the command line"), icon="terminal"),
        Action(key="rename", text=_("Rename"), icon="pencil", keys="F2"),
        Action(key="tags", text=_("Tags…"), icon="tag"),
        Action(key="note", text=_("Note…"), icon="file-text"),
        line,
        Action(
            key="trash",
            text=_("Move to the trash"),
            icon="trash-2",
            enabled=not state.is_active,
            hint=_("Stop it first") if state.is_active else "",
        ),
    ]
    return tuple(items)


def key_hints() -> list[tuple[str, str]]:
    """(keys, what they do) of the run page, for the list of shortcuts."""
    return [
        ("Ctrl+Shift+P", _("Pause, continue")),
        ("Ctrl+.", _("Stop and save")),
        ("Ctrl+S", _("Save a checkpoint now")),
        ("G", _("Sample now")),
        ("L", _("Open the log")),
        ("X", _("Next horizontal axis")),
        ("R", _("Show the whole curve")),
        ("← →", _("Move the crosshair, with Shift ten points")),
        ("[ ]", _("Smooth less, more")),
        ("S", _("Star")),
        ("F2", _("Rename")),
    ]
