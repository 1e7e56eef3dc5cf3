"""What to say of a process that ended without saying so itself."""

from __future__ import annotations

import signal
from typing import Any

# faults of the program itself, by signal name
_FAULTS = {"SIGSEGV", "SIGABRT", "SIGILL", "SIGFPE"}


def vanished(step: int, exit_code: int | None) -> tuple[str, dict[str, Any]]:
    """Code and params of the message.

    Args:
        step: the last one that is known.
        exit_code: as of `Popen`, negative for a signal; None when nobody was there to see.
    """
    if exit_code is None:
        return ("lost", {"step": step}) if step else ("lost_early", {})
    if exit_code == 0:
        return "lost_quietly", {"step": step}
    if exit_code > 0:
        return "lost_with_status", {"step": step, "status": exit_code}
    name = _signal_name(-exit_code)
    if name == "SIGKILL":
        return "lost_killed", {"step": step, "signal": -exit_code}
    if name == "SIGBUS":
        return "lost_file_cut", {"step": step}
    if name in _FAULTS:
        return "lost_fault", {"step": step, "signal": name}
    return "lost_signal", {"step": step, "signal": name}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
