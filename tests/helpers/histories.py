"""Made-up events.jsonl files: as a trainer writes them, with resumes, and what a reader must make of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from minimind.events import Event, effective, parse_line


def line(kind: str, seq: int, t: float = 1000.0, **fields: Any) -> bytes:
    """One line with its newline."""
    return json.dumps({"v": 1, "seq": seq, "t": t, "kind": kind, **fields}).encode() + b"\n"


def attempt_lines(attempt: int, first: int, last: int, seq: int, t: float) -> list[bytes]:
    """start, then step, and now and then eval, checkpoint, sample, warning."""
    lines = [line("start", seq, t, attempt=attempt, from_step=first, total_steps=1000, parameters=7)]
    for step in range(first + 1, last + 1):
        seq += 1
        t += 1.0
        lines.append(
            line("step", seq, t, step=step, loss=10.0 / step + attempt / 1000, tokens=step * 64, ce=step / 2)
        )
        if step % 4 == 0:
            seq += 1
            lines.append(line("eval", seq, t, step=step, val_loss=20.0 / step + attempt, bits_per_byte=1.5))
        if step % 5 == 0:
            seq += 1
            lines.append(line("checkpoint", seq, t, step=step, path=f"checkpoints/step-{step:08d}"))
        if step % 7 == 0:
            seq += 1
            lines.append(line("sample", seq, t, step=step, prompt="p", text=f"{attempt} at {step}"))
        if step % 11 == 0:
            seq += 1
            lines.append(line("warning", seq, t, code="no_heldout", params={}, message="m", advice=""))
    return lines


@st.composite
def histories(draw: st.DrawFn) -> bytes:
    """A whole file: one to four attempts, each resuming at or before where the last one came to."""
    content, at, seq, t = [], 0, 1, 1000.0
    for attempt in range(1, draw(st.integers(1, 4)) + 1):
        first = draw(st.integers(0, at)) if attempt > 1 else 0
        at = first + draw(st.integers(0, 30))
        lines = attempt_lines(attempt, first, at, seq, t)
        if draw(st.booleans()):
            lines.append(line("done", seq + len(lines), t + 99, status="stopped", step=at, wall_s=1.0))
        content += lines
        seq += len(lines)
        t += 500.0
    return b"".join(content)


def events_in(content: bytes) -> list[Event]:
    """What counts of a file, by the plain definition."""
    parsed = [parse_line(part) for part in content.split(b"\n")[:-1]]
    return effective([event for event in parsed if event is not None])
