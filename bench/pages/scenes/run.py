"""The page of a run."""

from __future__ import annotations

from collections.abc import Callable

from bench.pages.stage import Stage
from minimind.run_state import RunState
from studio.ui.pages.run_page import RunPage
from studio.ui.run.plot_options import PlotOptions

_WITHOUT_CURVE = (RunState.QUEUED, RunState.STARTING)


def of(run_id: str) -> Callable[[Stage], RunPage]:
    """The page of that run, with everything that its worker thread reads."""

    def reach(stage: Stage) -> RunPage:
        page = stage.open("run", run_id=run_id)
        assert isinstance(page, RunPage)
        stage.until(lambda: page.run is not None, "the run")
        assert page.run is not None
        if page.run.state not in _WITHOUT_CURVE:
            stage.until(lambda: len(page.body.plot.feed.curve.x), "the curve")
            stage.until(lambda: page.body.plot.feed.hardware is not None, "the hardware")
            stage.until(lambda: stage.runs.samples(run_id), "the samples")
        page.refresh()
        stage.settle()
        return page

    return reach


def pipeline(run_id: str) -> Callable[[Stage], None]:
    """A recipe at work, or done: the stages on top of the page of one of them."""

    def reach(stage: Stage) -> None:
        page = stage.open("run", run_id=run_id)
        assert isinstance(page, RunPage)
        stage.until(lambda: page.run is not None, "the run")
        stage.until(lambda: len(page.body.plot.feed.curve.x), "the curve")
        stage.settle()
        page.refresh()
        stage.settle()

    return reach


def tab(run_id: str, key: str) -> Callable[[Stage], None]:
    """One of its tabs open; in a wide window the samples stand open anyway."""

    def reach(stage: Stage) -> None:
        of(run_id)(stage).body.show_panel(key)
        stage.settle()

    return reach


def hover(stage: Stage) -> None:
    """The pointer on the curve: the legend is the readout."""
    page = of("running")(stage)
    assert page.run is not None
    page.body.plot.plot.set_crosshair(round(page.run.step * 0.45))


def log_axes(stage: Stage) -> None:
    """Both axes logarithmic."""
    plot = of("running")(stage).body.plot
    plot.set_options(PlotOptions(x_log=True, y_log=True))
    stage.settle()


def time_axis(stage: Stage) -> None:
    """x by time: start-up shows."""
    page = of("running")(stage)
    page.body.plot.use_next_axis()
    page.body.plot.use_next_axis()
    stage.settle()
    stage.until(lambda: len(page.body.plot.feed.curve.x), "the curve")


def menu(stage: Stage) -> None:
    """More actions."""
    of("running")(stage).header._more.click()
    stage.settle()


def options(stage: Stage) -> None:
    """Smoothing, axes, export of the picture."""
    of("running")(stage).body.plot.options_button.click()
    stage.settle()


def gone(stage: Stage) -> None:
    """A run whose folder somebody removed."""
    stage.open("run", run_id="none-of-that-name")
