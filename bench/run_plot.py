"""How long a frame takes while six curves of 100,000 points receive ten updates a second.

    python -m bench.run_plot [--json]

Three ways: all 100,000 points of each curve given to the plot; the 4,000 that the window asks for; and those
with smoothing, as the run page does it. Milliseconds of processor time for one update (data, layout, paint),
median and worst of 50, and the share of one core at ten updates a second.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from studio.store.curves import reduce
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.plot import scale
from studio.ui.plot.smoothing import smooth
from studio.ui.widgets.loss_plot import LossPlot

CURVES, POINTS, UPDATES, ADDED = 6, 100_000, 50, 40


def measure(
    plot: LossPlot, application: QApplication, *, most: int | None, smoothed: bool
) -> tuple[float, float]:
    """Median and worst milliseconds of one update in which every curve has grown by 40 points."""
    random = np.random.default_rng(0)
    steps = np.arange(1.0, POINTS + UPDATES * ADDED + 1)
    base = 2.4 + 6 * np.exp(-steps / 8000)
    curves = [base + 0.1 * i + random.normal(0, 0.05, len(steps)) for i in range(CURVES)]
    taken = []
    for update in range(UPDATES):
        count = POINTS + (update + 1) * ADDED
        given = [(steps[:count], values[:count]) for values in curves]
        if most is not None:
            # the worker thread does this, not the window's
            given = [reduce(xs, ys, None, None, most) for xs, ys in given]
        began = time.process_time()
        for i, (xs, ys) in enumerate(given):
            plot.set_line(f"raw{i}", xs, ys, token=f"raw{i + 1}")
            if smoothed:
                plot.set_line(f"smooth{i}", xs, smooth(xs, ys, 32), token=f"curve{i + 1}", smooth=True)
        plot.set_extent(0, float(count))
        plot.refresh()
        # lays out and paints
        application.processEvents()
        taken.append(1000 * (time.process_time() - began))
    return statistics.median(taken), max(taken)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    asked = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        appearance = Appearance(application, Path(folder), theme_choice="light", language_choice="en")
        plot = LossPlot(appearance)
        plot.resize(900, 500)
        plot.set_axes(x_ticks=scale.whole_ticks, x_text=fmt.exact, y_text=lambda y, _all: f"{y:g}")
        plot.show()
        application.processEvents()
        ways = {
            "all 100,000 points": measure(plot, application, most=None, smoothed=False),
            "4,000 points": measure(plot, application, most=4000, smoothed=False),
            "4,000 points, smoothed": measure(plot, application, most=4000, smoothed=True),
        }
        plot.close()
    if asked.json:
        print(
            json.dumps(
                {
                    n: {"ms": ms, "worst_ms": worst, "core_at_10_hz": ms / 100}
                    for n, (ms, worst) in ways.items()
                }
            )
        )
        return 0
    for name, (ms, worst) in ways.items():
        print(f"{name:24} median {ms:6.1f} ms, worst {worst:6.1f} ms, {ms:5.1f}% of a core at 10 Hz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
