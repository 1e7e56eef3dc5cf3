"""How the doctor's findings look in the window: icon and colour by seriousness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimind.doctor import Finding

_LOOKS = {
    "error": ("circle-x", "danger"),
    "warning": ("triangle-alert", "warning"),
    "note": ("info", "text3"),
    "ok": ("circle-check", "success"),
}


def look(finding: Finding) -> tuple[str, str]:
    """Icon and colour token of a finding."""
    return _LOOKS[finding.severity]


def report_of(findings: Sequence[Finding]) -> str:
    """All findings as plain text, as the command line prints them, for a person who asks for help."""
    from minimind.doctor import report_line

    return "\n".join(report_line(finding) for finding in findings)


def to_act_on(findings: Sequence[Finding]) -> list[Finding]:
    """Those that a person should do something about: the number in the status strip."""
    return [finding for finding in findings if finding.severity in ("error", "warning")]
