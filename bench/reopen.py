"""The longest stall of the window while a run of a million events is reopened.

    python -m bench.reopen [--events 1000000] [--json]

Twice: with the index lost, so that every line of the file is read again while the run's page is in front; and
with the index there, as after a night. A stall is one turn of the window's event loop: what a click would
have waited. Beside it the processor time of the longest turn, for a machine that is busy with other things.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from bench.window.made_run import MadeRun
from bench.window.watched import Turns, Watched


def reopen(home: Path, projects: Path, steps: int) -> dict[str, float]:
    """Open the window, go to the run, wait until all of it is shown."""
    watched = Watched(home, projects)
    runs, turns = watched.window._tools.runs, Turns()
    began = time.perf_counter()
    # the first paint of the window has a benchmark of its own
    watched.until(lambda: runs.run("made") is not None)
    watched.open_run("made")
    watched.turn()
    page = watched.window.current_page()

    def whole() -> bool:
        run, curve = runs.run("made"), page.body.plot.feed.curve  # type: ignore[attr-defined]
        return run is not None and run.step == steps and len(curve.x) > 0 and curve.x[-1] == steps

    watched.until(whole, turns)
    seconds = time.perf_counter() - began
    for axis in ("tokens", "time", "step"):
        page.body.plot._choose_axis(axis)  # type: ignore[attr-defined]
        end = time.monotonic() + 2
        watched.until(lambda end=end: time.monotonic() > end, turns)  # type: ignore[misc]
    watched.close()
    return {"seconds": seconds, **turns.longest()}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        projects, home = Path(place) / "projects", Path(place) / "home"
        run = MadeRun(projects)
        run.grow(options.events)
        run.grow_hardware(min(86_400, options.events // 2))
        run.end()
        found = {
            "index lost": reopen(home, projects, options.events),
            "index there": reopen(home, projects, options.events),
        }
    if options.json:
        print(json.dumps({"events": options.events, **found}))
        return 0
    for name, figures in found.items():
        print(
            f"{name:12} {figures['seconds']:6.1f} s, longest stall {figures['longest_ms']:6.1f} ms; "
            f"the program computed {figures['longest_process_ms']:6.1f} ms in one turn, the window's thread "
            f"{figures['longest_own_ms']:6.1f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
