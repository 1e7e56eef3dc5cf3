"""`minimind doctor`: what this machine can do, what is missing, and the one command that mends it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from minimind.doctor import Finding, judge, report_line, suggestions
from minimind.machine import gather
from minimind.text import _, ngettext


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own arguments."""
    parser.add_argument("--folder", type=Path, help="where runs will be written, for the disk; default: here")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(options: argparse.Namespace) -> int:
    """Look, print, and say with the exit status whether training works: 0, or 1 for an error."""
    facts = gather(options.folder)
    findings = judge(facts)
    acted = suggestions(findings)
    if options.json:
        value = {
            "suggestions": len(acted),
            "findings": [asdict(finding) for finding in findings],
            "facts": asdict(facts),
        }
        print(json.dumps(value, ensure_ascii=False))
    else:
        print(as_text(findings))
    return int(any(finding.severity == "error" for finding in findings))


def as_text(findings: list[Finding]) -> str:
    """The list that a person reads, the most serious first, with a closing line that counts."""
    count = len(suggestions(findings))
    closing = (
        ngettext("{count} suggestion", "{count} suggestions", count).format(count=count)
        if count
        else _("System ready")
    )
    return "\n".join([*(report_line(finding) for finding in findings), "", closing])
