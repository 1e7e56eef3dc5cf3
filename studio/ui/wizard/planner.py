"""Makes the plan anew from choices, files, runs and the computer whenever one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from minimind.device import Device
from minimind.methods import Needs
from studio.jobs.measure import measuring_job
from studio.paths import Paths
from studio.planning.choices import Choices, Drafts
from studio.planning.data_check import FileCheck
from studio.planning.first_choices import first_choices
from studio.planning.plans import plan_for
from studio.planning.run_plan import RunPlan
from studio.planning.situation import PointBook, Situation, look, outside_point
from studio.preferences import PreferencesFile
from studio.services.measure_service import MeasureService
from studio.services.run_service import RunService
from studio.services.system_service import SystemService
from studio.ui.wizard.data_checks import DataChecks


class Planner(QObject):
    """Holds the plan that the wizard shows.

    Signals:
        changed(): a file was read further, or a measurement came further; `remake` makes the plan of now.
        outside_changed(): runs, the doctor or preferences are others; `situate` looks at them.
    """

    changed = Signal()
    outside_changed = Signal()

    def __init__(
        self,
        preferences: PreferencesFile,
        runs: RunService,
        system: SystemService,
        paths: Paths,
        *,
        devices: Callable[[], Sequence[Device]],
        checks: DataChecks,
        measures: MeasureService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences, self._runs, self._system, self._paths = preferences, runs, system, paths
        self._devices = devices
        self.checks, self.measures = checks, measures
        self._choices, self._situation = Choices(), Situation()
        self._points = PointBook()
        self.plan = RunPlan()
        self._signature: object = None
        checks.changed.connect(lambda _path: self.changed.emit())
        measures.changed.connect(self.changed)
        runs.runs_changed.connect(self._on_outside_changed)
        runs.run_changed.connect(self._on_outside_changed)
        system.doctor_changed.connect(self._on_outside_changed)
        preferences.listen(lambda _preferences: self._on_outside_changed())

    # -- the plan --------------------------------------------------------------------------------------

    def choose(self, choices: Choices) -> None:
        """Other choices: files that are new are read, those that are gone no more."""
        self._choices = choices
        self._look_at_folder(again=False)
        self._make({}, {})
        self.checks.want(self.plan.wanted_files)

    def remake(self, unreadable: Mapping[str, str]) -> RunPlan:
        """The plan of now; `unreadable`: fields that hold no value, with the reason."""
        known = {(path, needs): self.checks.known(path, needs) for path, needs in self.plan.wanted_files}
        self._make({key: check for key, check in known.items() if check is not None}, unreadable)
        return self.plan

    def _make(self, files: Mapping[tuple[str, Needs], FileCheck], unreadable: Mapping[str, str]) -> None:
        self.plan = plan_for(
            self._choices,
            situation=self._situation,
            files=files,
            unreadable=unreadable,
            speeds=dict(self.measures.speeds),
        )

    def read_broken_again(self) -> None:
        """Read what could not be used anew: the sentence about it was made in another language."""
        for path, needs in self.plan.wanted_files:
            check = self.checks.known(path, needs)
            if check is not None and check.fault:
                self.checks.again(path, needs)

    def read_again(self, path: str) -> None:
        """Read a file anew."""
        for wanted, needs in self.plan.wanted_files:
            if wanted == path:
                self.checks.again(path, needs)

    def stop_reading(self, path: str) -> None:
        """What was read so far counts."""
        for wanted, needs in self.plan.wanted_files:
            if wanted == path:
                self.checks.stop(path, needs)

    def first(self, prefill: Mapping[str, object]) -> Choices:
        """What a new plan begins with."""
        wanted = self._preferences.current
        return first_choices(
            prefill, self._situation, device=wanted.device, keep_checkpoints=wanted.keep_checkpoints
        )

    def situate(self) -> None:
        """Look at the computer, the runs and the files again."""
        # a file that was changed or is gone since is read anew
        self.checks.want(self.plan.wanted_files)
        prices = self._preferences.current
        self._situation = look(
            devices=self._devices(),
            finding_codes=[finding.code for finding in self._system.findings() or []],
            runs=self._runs.runs(),
            runs_folder=self._paths.projects / self._runs.project / "runs",
            cny_per_hour=prices.price_per_hour,
            cny_per_kwh=prices.price_per_kwh,
            disk_floor_bytes=round(prices.disk_floor_gb * 1e9),
            book=self._points,
        )
        self._look_at_folder(again=True)

    def _look_at_folder(self, *, again: bool) -> None:
        """Read a model folder from elsewhere once, not with every letter that is typed."""
        wanted, opened = self._choices.checkpoint or "", self._situation.opened
        if again or opened is None or opened.run_id != wanted:
            known = wanted in self._situation.start_points
            self._situation = replace(self._situation, opened=None if known else outside_point(wanted))

    def _on_outside_changed(self, *_args: object) -> None:
        """Runs, the doctor or preferences; a step more of a run under way does not matter here."""
        codes = tuple(finding.code for finding in self._system.findings() or [])
        states = tuple((run.run_id, run.state, run.name) for run in self._runs.runs())
        signature = (codes, states, self._preferences.current, self._runs.project)
        if signature != self._signature:
            self._signature = signature
            self.outside_changed.emit()

    # -- files of the project --------------------------------------------------------------------------

    @property
    def drafts(self) -> Drafts:
        """Plans that were left."""
        return Drafts(self._paths.projects / self._runs.project / "drafts")

    @property
    def templates(self) -> Drafts:
        """Plans that were kept to begin others with."""
        return Drafts(self._paths.projects / self._runs.project / "templates")

    # -- measuring -------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Begin to measure the plan, or give up the measurement under way."""
        if self.measures.measuring is not None:
            self.measures.stop()
            return
        estimate, key = self.plan.estimate(), self.plan.speed_key
        if estimate is not None and key is not None and self.plan.can_start:
            self.measures.start(key, measuring_job(self.plan.to_job("measure"), estimate.resolved))
