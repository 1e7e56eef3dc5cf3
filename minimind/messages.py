"""Every code that an event may carry, with its English sentence and advice; the studio translates by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minimind.text import N_, _


@dataclass(frozen=True, kw_only=True)
class Message:
    """A sentence with named places, and what to do about it."""

    text: str
    advice: str = ""


MESSAGES: dict[str, Message] = {
    # scripts may rely on these
    "no_room": Message(
        text=N_("{free} free on the disk, a checkpoint needs {needed}."),
        advice=N_("Free some space; the run goes on by itself."),
    ),
    "data_changed": Message(
        text=N_("{file} is not the file that this run began with."),
        advice=N_("Put the old file back, or branch: start a new run from the last checkpoint."),
    ),
    "rows_skipped": Message(
        text=N_("{file}: {count} rows cannot be used and are skipped; the first is line {line}: {reason}"),
        advice=N_("Look at them under Data, or go on without them."),
    ),
    "no_heldout": Message(
        text=N_("Too few documents to hold some out, so there is no held-out loss."),
        advice=N_("Give a file with --val-data, or more data."),
    ),
    "non_finite": Message(
        text=N_("The loss is not a number at step {step}."),
        advice=N_("Half the learning rate usually mends it."),
    ),
    "out_of_memory": Message(
        text=N_("Memory ran out at step {step}. Nothing is lost: the last checkpoint is step {checkpoint}."),
        advice=N_("Resume with a smaller micro-batch."),
    ),
    # the rest
    "no_heldout_label": Message(text=N_("None of the held-out documents has a token to predict.")),
    "compile_failed": Message(
        text=N_("Compiling did not work ({reason}); training goes on without it, only slower."),
        advice=N_("Install a C++ compiler, or switch compiling off."),
    ),
    "not_identical": Message(
        text=N_("This attempt is not bit-identical with the one before: {what} differ."),
        advice="",
    ),
    "damaged_checkpoint": Message(
        text=N_("Checkpoint {damaged} is damaged ({reason}); using {used}."),
    ),
    "disk_error": Message(
        text=N_("The disk reported an error while saving step {step}; that checkpoint is not trusted."),
        advice=N_("Look at the disk's health before you go on."),
    ),
    "bad_input": Message(text=N_("{reason}")),
    "crashed": Message(
        text=N_("The run ended with a fault of the program: {reason}"),
        advice=N_("The whole story is in the log; resume from the last checkpoint."),
    ),
    "cut_conversations": Message(
        text=N_("{count} conversations are longer than {seq_len} tokens and were cut at a turn."),
        advice=N_("A longer sequence length keeps more of them."),
    ),
    "steps_per_epoch": Message(text=N_("One pass over the data is {steps} steps.")),
    # no event carries these: whoever follows a run says them about a process that could not
    "not_started": Message(
        text=N_("The run could not begin: {reason}"),
        advice=N_("The log has the rest. Start it again once that is mended."),
    ),
    "lost": Message(
        text=N_("The process vanished after step {step}, perhaps a power cut or the system ended it."),
        advice=N_("Resume from the last checkpoint."),
    ),
    "lost_early": Message(
        text=N_("The process vanished before its first step, perhaps a power cut or the system ended it."),
        advice=N_("Start it again."),
    ),
    "lost_killed": Message(
        text=N_(
            "The process was killed after step {step} (signal {signal}), perhaps because memory ran out."
        ),
        advice=N_("Resume from the last checkpoint; with a smaller micro-batch if memory is short."),
    ),
    "lost_signal": Message(
        text=N_("The process was ended after step {step} by {signal}."),
        advice=N_("Resume from the last checkpoint."),
    ),
    "lost_fault": Message(
        text=N_(
            "The process broke down after step {step} ({signal}); the fault lies in a library or a driver."
        ),
        advice=N_("The log may name it. Resume from the last checkpoint."),
    ),
    "lost_file_cut": Message(
        text=N_("A file was cut short while the process was reading it, after step {step} (SIGBUS)."),
        advice=N_("Look at the disk's room and health, then resume from the last checkpoint."),
    ),
    "lost_with_status": Message(
        text=N_("The process ended after step {step} with status {status}, without a word."),
        advice=N_("The log may say more. Resume from the last checkpoint."),
    ),
    "lost_quietly": Message(
        text=N_("The process ended after step {step} as if all was well, but the run is not finished."),
        advice=N_("Resume from the last checkpoint."),
    ),
}


def english(code: str, params: dict[str, Any]) -> tuple[str, str]:
    """(message, advice) in English, for the event line."""
    message = MESSAGES[code]
    return _fill(message.text, params), message.advice


def translated(code: str, params: dict[str, Any], fallback: str) -> tuple[str, str]:
    """(message, advice) in the current language; the event's own words for a code not known here."""
    message = MESSAGES.get(code)
    if message is None:
        return fallback, ""
    return _fill(_(message.text), params), _(message.advice)


def _fill(text: str, params: dict[str, Any]) -> str:
    try:
        return text.format_map(params)
    except (KeyError, ValueError, IndexError):
        return text
