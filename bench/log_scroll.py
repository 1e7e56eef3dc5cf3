"""How long one frame takes while a log of 100,000 lines scrolls.

    python -m bench.log_scroll [--lines 100000] [--json]

The real page of a run, the log in front: through all of it a page at a time, then by leaps to places that
nobody has read yet. Milliseconds of processor time for one frame (the bar moves, the lines are painted); and
the turns until lines that had to be read first are there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.window.made_run import MadeRun
from bench.window.watched import Watched

FRAMES = 600


def measure(place: Path, lines: int) -> dict[str, float]:
    """Scroll, and take the time."""
    projects = place / "projects"
    run = MadeRun(projects)
    run.grow(200)
    run.write_log(lines)
    run.end()
    watched = Watched(place / "home", projects)
    runs = watched.window._tools.runs
    watched.until(lambda: runs.run("made") is not None and runs.run("made").step == 200)  # type: ignore[union-attr]
    watched.open_run("made")
    watched.turn()
    body = watched.window.current_page().body  # type: ignore[attr-defined]
    body.show_panel("log")
    view = body.log
    watched.until(lambda: view.lines.total == lines)
    bar = view.verticalScrollBar()
    frames, waits = [], []
    leaps = np.random.default_rng(0).integers(0, lines, FRAMES // 2)
    pages = np.linspace(0, bar.maximum(), FRAMES // 2)
    for at in (*pages, *leaps):
        began = time.process_time()
        bar.setValue(int(at))
        view.viewport().repaint()
        frames.append(1000 * (time.process_time() - began))
        began = time.perf_counter()
        watched.until(lambda: len(view.shown()) >= view._rows)
        waits.append(1000 * (time.perf_counter() - began))
    watched.close()
    return {
        "frame_ms": statistics.median(frames),
        "worst_frame_ms": max(frames),
        "wait_ms": statistics.median(waits),
        "worst_wait_ms": max(waits),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = measure(Path(place), options.lines)
    if options.json:
        print(json.dumps({"lines": options.lines, **found}))
        return 0
    print(f"one frame: median {found['frame_ms']:.2f} ms, worst {found['worst_frame_ms']:.2f} ms")
    wait, worst = found["wait_ms"], found["worst_wait_ms"]
    print(f"until its lines are there: median {wait:.1f} ms, worst {worst:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
