"""From one click to a talk: starts the first model, follows it, and opens the chat when it is ready."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from minimind.errors import BadInput
from minimind.run_state import RunState
from minimind.text import _
from studio.planning.first_model import first_job, is_first_model, last_stage
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui.navigator import Navigator


class FirstModel(QObject):
    """Lives as long as the window, whatever page is in front.

    Args:
        runs, navigator: as for every page.
        watched: what the person looks at: ids of the runs whose page is in front; None: home.
            Anything else, say another page, is an empty set.
    """

    def __init__(
        self,
        runs: RunService,
        navigator: Navigator,
        watched: Callable[[], set[str] | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runs, self._navigator, self._watched = runs, navigator, watched
        # only what was seen going on can become ready: an old one is no news
        self._waited_for: set[str] = set()
        navigator.first_model_requested.connect(self.start)
        runs.runs_changed.connect(self._look_at_all)
        runs.run_changed.connect(self._on_run_changed)
        self._look_at_all()

    def start(self) -> None:
        """Start it and show its page; while one goes on, that one's page, and no second run."""
        run = going_on(self._runs)
        if run is not None:
            self._navigator.open_run(run.run_id)
            return
        try:
            job = first_job()
        except BadInput as error:
            self._navigator.toast(str(error), tone="danger")
            return
        run_id = self._runs.start(job, name=_("My first model"))
        self._waited_for.add(run_id)
        self._navigator.open_run(run_id)

    def _look_at_all(self) -> None:
        run = going_on(self._runs)
        if run is not None:
            self._waited_for.add(run.run_id)

    def _on_run_changed(self, run_id: str) -> None:
        changed = self._runs.run(run_id)
        pipeline = self._runs.run(changed.parent) if changed is not None and changed.parent else changed
        if pipeline is None or pipeline.run_id not in self._waited_for:
            return
        if pipeline.state is not RunState.FINISHED:
            return
        stage = last_stage(pipeline, self._runs.runs())
        if stage is None or not stage.checkpoints:
            # its last words are still being read
            return
        self._waited_for.discard(pipeline.run_id)
        self._be_ready(pipeline, str(stage.folder))

    def _be_ready(self, pipeline: Run, model: str) -> None:
        watched = self._watched()
        stages = {run.run_id for run in self._runs.runs() if run.parent == pipeline.run_id}
        if watched is None or watched & {pipeline.run_id, *stages}:
            self._navigator.chat_with(model)
            return
        self._navigator.toast(
            _("“{name}” is ready to talk.").format(name=pipeline.name),
            action_text=_("Open"),
            action=lambda: self._navigator.chat_with(model),
        )


def going_on(runs: RunService) -> Run | None:
    """The first model that waits or is at work, if there is one."""
    for run in runs.runs():
        if (run.state is RunState.QUEUED or run.state.is_active) and is_first_model(run, runs.job):
            return run
    return None
