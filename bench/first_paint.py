"""Seconds from the start of the process to the first paint of the window.

    python -m bench.first_paint [--runs 7] [--json]

Each run is a fresh process with its own empty home; on a machine without a screen set
QT_QPA_PLATFORM=offscreen or start it under Xvfb.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def once() -> tuple[float, float]:
    """One start: seconds by the clock, and of processor time, which a busy machine does not change."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"STUDIO_HOME": home}
        command = [sys.executable, str(ROOT / "main.py"), "--first-paint", "--projects", f"{home}/projects"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    found = re.findall(r"[0-9]+\.[0-9]+", done.stdout)
    assert len(found) == 2, done.stdout
    return float(found[0]), float(found[1])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    starts = [once() for _ in range(options.runs)]
    seconds = [wall for wall, _processor in starts]
    found = {
        "median_s": statistics.median(seconds),
        "worst_s": max(seconds),
        "processor_s": statistics.median(processor for _wall, processor in starts),
        "runs": options.runs,
    }
    print(
        json.dumps(found)
        if options.json
        else f"median {found['median_s']:.2f} s, worst {found['worst_s']:.2f} s; "
        f"processor time {found['processor_s']:.2f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
