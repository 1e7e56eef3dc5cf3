"""Memory of the window while a run of 24 hours goes on before it, fed at speed.

    python -m bench.long_night [--hours 24] [--json]

Two steps a second with evaluations and samples, one sample of the machine a second. The run's page is in
front all the time. Resident memory at the start, then after each quarter; what is not shown must not add up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.window.made_run import MadeRun
from bench.window.watched import Watched, memory_mib

STEPS_PER_S = 2
# the window looks twice a second; here each look brings ten minutes
AT_ONCE_S = 600


def measure(place: Path, hours: float) -> dict[str, object]:
    """Feed the run and watch the memory."""
    projects = place / "projects"
    run = MadeRun(projects, steps_per_s=STEPS_PER_S)
    run.grow(STEPS_PER_S * 60)
    run.grow_hardware(60)
    watched = Watched(place / "home", projects)
    runs = watched.window._tools.runs
    watched.until(lambda: runs.run("made") is not None and runs.run("made").step > 0)  # type: ignore[union-attr]
    watched.open_run("made")
    watched.until(lambda: len(watched.window.current_page().body.plot.feed.curve.x) > 0)  # type: ignore[attr-defined]
    fed, memory = STEPS_PER_S * 60, [memory_mib()]
    looks = int(hours * 3600 / AT_ONCE_S)
    for look in range(looks):
        run.grow(STEPS_PER_S * AT_ONCE_S)
        run.grow_hardware(AT_ONCE_S)
        fed += STEPS_PER_S * AT_ONCE_S
        page = watched.window.current_page()
        watched.until(lambda fed=fed: runs.run("made").step == fed)  # type: ignore[misc,union-attr]
        watched.until(lambda fed=fed, page=page: page.body.plot.feed.curve.x[-1] == fed)  # type: ignore[misc,attr-defined]
        if (look + 1) * 4 % looks < 4:
            memory.append(memory_mib())
    watched.close()
    return {"hours": hours, "steps": fed, "start_mib": memory[0], "mib": memory[1:], "end_mib": memory[-1]}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = measure(Path(place), options.hours)
    if options.json:
        print(json.dumps(found))
        return 0
    quarters = ", ".join(f"{value:.0f}" for value in found["mib"])  # type: ignore[attr-defined]
    print(f"{found['steps']:,} steps in {found['hours']:g} h")
    print(f"{found['start_mib']:.0f} MiB at the start; after each quarter: {quarters} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
